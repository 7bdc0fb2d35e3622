/**
 * A binary classifier on the kernels: rectified hidden layers, one logistic output, Adam, stopped when the training loss
 * no longer falls. Its rules are those of scikit-learn's MLPClassifier, so that scores may be compared; it serves the
 * two-sample tests and the model of valid simulations. Source: scikit-learn 1.2, `neural_network/_multilayer_perceptron`.
 */
import { yieldToEvents } from "../../base/async.js";
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";
import type { Kernels } from "../../kernels/spaces.js";
import { ShapeMismatch } from "../nn/errors.js";

export interface ClassifierOptions {
  /** Units of each hidden layer, one layer or more. */
  readonly hidden: readonly number[];
  readonly rng: Rng;
  readonly signal?: AbortSignal | undefined;
  /** Rows per step. Default 200. */
  readonly batchSize?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Weight of half the squared weights, divided by the rows of a batch. Default 1e-4. */
  readonly l2?: number;
  /** Stop after `patience` epochs in which the loss fell by less than this; default 10 epochs, 1e-4. */
  readonly tolerance?: number;
  readonly patience?: number;
  /** Default 10,000. */
  readonly maxEpochs?: number;
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: number;
  readonly bias: number;
  readonly transposed: number;
  /** Activations and their gradients, (outputs x columns). */
  readonly out: number;
  readonly gradient: number;
}

const float = 4;
const padded = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Weights and workspace of one network; `columns` rows of data at a time, feature-major. */
class Network {
  readonly #space: KernelSpace;
  readonly #layers: readonly Layer[];
  readonly #input: number;
  readonly #columns: number;
  readonly #size: number;
  readonly #weights: number;
  readonly #gradient: number;
  readonly #first: number;
  readonly #second: number;
  #steps = 0;

  constructor(space: KernelSpace, widths: readonly number[], columns: number) {
    this.#space = space;
    this.#columns = columns;
    const numInputs = widths[0] as number;
    this.#input = space.allocate(numInputs * columns);
    const sizes = widths.slice(1).map((outputs, l) => {
      const inputs = widths[l] as number;
      return { inputs, outputs, weights: padded(inputs * outputs, 4), biases: padded(outputs, 4) };
    });
    this.#size = sizes.reduce((sum, { weights, biases }) => sum + weights + biases, 0);
    this.#weights = space.allocate(this.#size);
    this.#gradient = space.allocate(this.#size);
    this.#first = space.allocate(this.#size);
    this.#second = space.allocate(this.#size);
    let offset = 0;
    this.#layers = sizes.map(({ inputs, outputs, weights, biases }) => {
      const weight = offset * float;
      offset += weights;
      const bias = offset * float;
      offset += biases;
      const room = (count: number): number => space.allocate(count);
      const buffers = { transposed: room(weights), out: room(outputs * columns), gradient: room(outputs * columns) };
      return { inputs, outputs, weight, bias, ...buffers };
    });
  }

  /** All weights, a view. */
  get weights(): Float32Array {
    return this.#space.view(this.#weights, this.#size);
  }

  initialise(rng: Rng): void {
    for (const { inputs, outputs, weight, bias } of this.#layers) {
      const bound = Math.sqrt(6 / (inputs + outputs));
      const fill = (at: number, count: number): void => {
        const view = this.#space.view(this.#weights + at, count);
        for (let i = 0; i < count; i++) view[i] = bound * (2 * rng.uniform() - 1);
      };
      fill(weight, inputs * outputs);
      fill(bias, outputs);
    }
  }

  /** Logits of the columns put by `put`; a view. */
  forward(): Float32Array {
    const { call } = this.#space;
    const n = this.#columns;
    let from = this.#input;
    this.#layers.forEach(({ inputs, outputs, weight, bias, out }, l) => {
      call.fillColumns(outputs, n, this.#weights + bias, out);
      call.gemm(outputs, n, inputs, this.#weights + weight, inputs, from, n, out, n, 1);
      if (l < this.#layers.length - 1) call.reluForward(out, outputs * n);
      from = out;
    });
    return this.#space.view(from, n);
  }

  /** Copy rows of `x` (shape (n, d)) into the columns; the rest become zero. */
  put(x: Float32Array, rows: ArrayLike<number>, from: number, count: number): void {
    const d = (this.#layers[0] as Layer).inputs;
    const input = this.#space.view(this.#input, d * this.#columns);
    if (count < this.#columns) input.fill(0);
    for (let i = 0; i < count; i++) {
      const at = (rows[from + i] as number) * d;
      for (let k = 0; k < d; k++) input[k * this.#columns + i] = x[at + k] as number;
    }
  }

  /** One step of Adam from the gradient of the mean loss over `count` columns with respect to the logits. */
  step(gradient: Float32Array, count: number, learningRate: number, l2: number): void {
    const { call } = this.#space;
    const n = this.#columns;
    this.#space.view(this.#gradient, this.#size).fill(0);
    const top = this.#layers[this.#layers.length - 1] as Layer;
    this.#space.view(top.gradient, n).set(gradient);
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const { inputs, outputs, weight, bias, transposed, gradient: g } = this.#layers[l] as Layer;
      const before = this.#layers[l - 1];
      const from = before?.out ?? this.#input;
      call.gemmNt(n, outputs, inputs, g, n, from, n, this.#gradient + weight, inputs);
      call.sumColumns(outputs, n, g, this.#gradient + bias);
      call.axpy(this.#gradient + weight, this.#weights + weight, inputs * outputs, l2 / count);
      if (before === undefined) break;
      call.transpose(outputs, inputs, this.#weights + weight, inputs, transposed, outputs);
      call.gemm(inputs, n, outputs, transposed, outputs, g, n, before.gradient, n, 0);
      call.reluBackward(before.gradient, before.gradient, before.out, inputs * n);
    }
    const t = ++this.#steps;
    const rate = Math.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t);
    const [w, gradientAt, m, s] = [this.#weights, this.#gradient, this.#first, this.#second];
    call.adamw(w, gradientAt, m, s, this.#size, learningRate, 0.9, 0.999, 1e-8, rate, 1, 1, 0);
  }

  /** Half the sum of squared weights, biases excepted. */
  penalty(): number {
    let sum = 0;
    for (const { inputs, outputs, weight } of this.#layers) {
      const view = this.#space.view(this.#weights + weight, inputs * outputs);
      for (let i = 0; i < view.length; i++) sum += (view[i] as number) ** 2;
    }
    return sum / 2;
  }
}

export class Classifier {
  readonly #kernels: Kernels;
  readonly #widths: readonly number[];
  readonly #weights: Float32Array;
  /** Epochs that training took. */
  readonly epochs: number;

  private constructor(kernels: Kernels, widths: readonly number[], weights: Float32Array, epochs: number) {
    this.#kernels = kernels;
    this.#widths = widths;
    this.#weights = weights;
    this.epochs = epochs;
  }

  /**
   * @param x shape (n, d), standardised @param labels 0 or 1, shape (n) @param rows which of them to train on
   * @throws ShapeMismatch @throws signal.reason
   */
  static async train(
    kernels: Kernels,
    x: Float32Array,
    labels: Uint8Array,
    rows: Uint32Array,
    options: ClassifierOptions,
  ): Promise<Classifier> {
    const d = x.length / labels.length;
    if (!Number.isInteger(d) || d < 1) throw new ShapeMismatch("x", x.length, `a multiple of ${labels.length} rows`);
    const { hidden, rng, signal, learningRate = 1e-3, l2 = 1e-4, tolerance = 1e-4, patience = 10 } = options;
    const batchSize = Math.min(options.batchSize ?? 200, rows.length);
    const columns = padded(batchSize, 8);
    const widths = [d, ...hidden, 1];
    const space = kernels.borrow();
    try {
      const network = new Network(space, widths, columns);
      network.initialise(rng.fork("weights"));
      const gradient = new Float32Array(columns);
      const shuffle = rng.fork("batches");
      let best = Number.POSITIVE_INFINITY;
      let idle = 0;
      let epoch = 0;
      const order = Uint32Array.from(rows);
      while (epoch < (options.maxEpochs ?? 10_000) && idle <= patience) {
        epoch++;
        shuffleInPlace(order, shuffle);
        let sum = 0;
        for (let from = 0; from < order.length; from += batchSize) {
          const count = Math.min(batchSize, order.length - from);
          network.put(x, order, from, count);
          const logits = network.forward();
          let loss = 0;
          gradient.fill(0);
          for (let i = 0; i < count; i++) {
            const label = labels[order[from + i] as number] as number;
            const logit = logits[i] as number;
            loss += softplus(label === 1 ? -logit : logit);
            gradient[i] = (1 / (1 + Math.exp(-logit)) - label) / count;
          }
          sum += loss + l2 * network.penalty();
          network.step(gradient, count, learningRate, l2);
        }
        const mean = sum / order.length;
        idle = mean > best - tolerance ? idle + 1 : 0;
        best = Math.min(best, mean);
        signal?.throwIfAborted();
        await yieldToEvents();
      }
      return new Classifier(kernels, widths, network.weights.slice(), epoch);
    } finally {
      kernels.giveBack(space);
    }
  }

  /** Log-odds of label 1. @param x shape (n, d) @returns shape (n) */
  logits(x: Float32Array): Float32Array {
    const d = this.#widths[0] as number;
    const n = x.length / d;
    if (!Number.isInteger(n)) throw new ShapeMismatch("x", x.length, `a multiple of ${d}`);
    const out = new Float32Array(n);
    const rows = Uint32Array.from({ length: n }, (_, i) => i);
    const columns = Math.min(256, padded(n, 8));
    this.#kernels.lend((space) => {
      const network = new Network(space, this.#widths, columns);
      network.weights.set(this.#weights);
      for (let from = 0; from < n; from += columns) {
        const count = Math.min(columns, n - from);
        network.put(x, rows, from, count);
        out.set(network.forward().subarray(0, count), from);
      }
    });
    return out;
  }
}

const softplus = (v: number): number => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

function shuffleInPlace(order: Uint32Array, rng: Rng): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    const swap = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swap;
  }
}
