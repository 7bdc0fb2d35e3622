/**
 * A chain of strided convolutions, dense layers and transposed convolutions on the kernels, without a copy of any patch:
 * samples stand one after the other, (time x channels) each, and the windows of a convolution are the overlapping rows
 * of that matrix. Activations stay for the way back. Weights are those of the composed networks, block by block; the
 * oracle is the composed body in the tests. Knows neither units nor training.
 */
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";

type Address = number;
const float = 4;

export type Activation = "silu" | "leaky-relu" | "none";

export type ChainLayer = { readonly activation: Activation } & (
  | {
      /** Length L becomes L / stride (`conv`) or L * stride (`conv-transpose`); the kernel is `overlap` strides wide. */
      readonly type: "conv" | "conv-transpose";
      readonly stride: number;
      readonly overlap: number;
      /** Channels that come out; a multiple of 8, but for the last transposed one. */
      readonly filters: number;
    }
  | { readonly type: "dense"; readonly filters: number; readonly length?: number }
);

const leak = 0.2;
const eights = (n: number): number => Math.ceil(n / 8) * 8;

/** Activations between two layers: per sample `before` floats of margin, then length x channels, then more margin. */
interface Signal {
  readonly length: number;
  readonly channels: number;
  readonly before: number;
  readonly perSample: number;
  readonly at: Address;
  /** Before the activation function, when the way back needs it. */
  readonly raw: Address;
  readonly gradient: Address;
}

interface Layer {
  readonly spec: ChainLayer;
  readonly input: Signal;
  readonly output: Signal;
  /** rows x columns in the flat weights; columns padded to eights in memory. */
  readonly rows: number;
  readonly columns: number;
  readonly padded: number;
  /** Kernel slices, one below the other: 1 but for transposed convolutions. */
  readonly slices: number;
  readonly weights: Address;
  readonly transposed: Address;
  readonly bias: Address;
  readonly gWeights: Address;
  readonly gBias: Address;
  readonly offset: number;
  readonly biasOffset: number;
}

export class ConvNet {
  readonly samples: number;
  readonly #space: KernelSpace;
  readonly #layers: readonly Layer[];
  readonly size: number;

  /** @param samples per pass @param input length a multiple of the product of all strides */
  constructor(
    space: KernelSpace,
    input: { readonly length: number; readonly channels: number },
    specs: readonly ChainLayer[],
    samples: number,
  ) {
    this.samples = samples;
    this.#space = space;
    let { length, channels } = input;
    let signal = this.#signal(length, channels, specs[0], undefined);
    let offset = 0;
    this.#layers = specs.map((spec, l): Layer => {
      const from = signal;
      let [rows, columns, slices] = [0, 0, 1];
      if (spec.type === "conv") {
        [rows, columns] = [spec.overlap * spec.stride * channels, spec.filters];
        [length, channels] = [length / spec.stride, spec.filters];
      } else if (spec.type === "dense") {
        [rows, columns] = [length * channels, spec.filters];
        length = spec.length ?? 1;
        channels = spec.filters / length;
      } else {
        [rows, columns, slices] = [spec.overlap * channels, spec.stride * spec.filters, spec.overlap];
        [length, channels] = [length * spec.stride, spec.filters];
      }
      signal = this.#signal(length, channels, specs[l + 1], spec);
      const padded = spec.type === "dense" ? eights(columns) : columns;
      const biases = spec.type === "conv-transpose" ? channels : columns;
      const layer = {
        spec,
        input: from,
        output: signal,
        rows,
        columns,
        padded,
        slices,
        weights: space.allocate(eights(rows) * padded),
        transposed: space.allocate(eights(rows) * padded),
        bias: space.allocate(padded),
        gWeights: space.allocate(eights(rows) * padded),
        gBias: space.allocate(padded),
        offset,
        biasOffset: offset + rows * columns,
      };
      offset += rows * columns + biases;
      return layer;
    });
    this.size = offset;
  }

  setWeights(weights: Float32Array): void {
    const { call } = this.#space;
    for (const layer of this.#layers) {
      const { rows, columns, padded, slices } = layer;
      const to = this.#space.view(layer.weights, rows * padded);
      for (let r = 0; r < rows; r++) {
        const from = layer.offset + r * columns;
        to.set(weights.subarray(from, from + columns), r * padded);
      }
      // A bias of few channels is repeated over the points of a stride.
      const bias = this.#space.view(layer.bias, padded);
      const biases = this.#biases(layer);
      for (let c = 0; c < columns; c++) bias[c] = weights[layer.biasOffset + (c % biases)] as number;
      const each = rows / slices;
      for (let j = 0; j < slices; j++) {
        const at = j * each * padded * float;
        const turned = layer.spec.type === "dense" ? eights(rows) : each;
        call.transpose(each, padded, layer.weights + at, padded, layer.transposed + at, turned);
      }
    }
  }

  /** Where to put sample i, (length x channels). */
  inputOf(sample: number): Float32Array {
    return this.#data((this.#layers[0] as Layer).input, "at", sample);
  }

  /** Result of sample i after `forward`. */
  outputOf(sample: number): Float32Array {
    return this.#data((this.#layers.at(-1) as Layer).output, "at", sample);
  }

  /** Where to put the gradient of an output before `backward`. */
  outputGradientOf(sample: number): Float32Array {
    return this.#data((this.#layers.at(-1) as Layer).output, "gradient", sample);
  }

  /** Uniform weights of variance 1 / fan-in, biases zero. */
  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.size);
    for (const { offset, rows, columns } of this.#layers) {
      const bound = Math.sqrt(3 / rows);
      for (let i = 0; i < rows * columns; i++) weights[offset + i] = bound * (2 * rng.uniform() - 1);
    }
    return weights;
  }

  forward(): void {
    for (const layer of this.#layers) {
      this.#apply(layer);
      this.#activate(layer);
    }
  }

  clearGradient(): void {
    for (const { gWeights, gBias, rows, padded } of this.#layers) {
      this.#space.view(gWeights, eights(rows) * padded).fill(0);
      this.#space.view(gBias, padded).fill(0);
    }
  }

  /**
   * Squared error of samples against the input, weighted point by point; leaves its gradient for `backward`.
   * @param pointWeights address of (length x channels) floats @param scale factor of the gradient
   * @returns one sum of weighted squares per sample
   */
  residual(used: number, pointWeights: Address, scale: number): Float64Array {
    const { input } = this.#layers[0] as Layer;
    const { output } = this.#layers.at(-1) as Layer;
    const count = output.length * output.channels;
    return Float64Array.from({ length: used }, (_, i) =>
      this.#space.call.weightedResidual(
        this.#address(output, "gradient", i),
        this.#address(output, "at", i),
        this.#address(input, "at", i),
        pointWeights,
        count,
        scale,
      ),
    );
  }

  /** Add the gradient of the weights, from what `residual` left; samples from `used` on count nothing. */
  backward(used: number): void {
    const { call } = this.#space;
    const last = this.#layers.at(-1) as Layer;
    for (let i = used; i < this.samples; i++) this.#data(last.output, "gradient", i).fill(0);
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const layer = this.#layers[l] as Layer;
      const { output, spec } = layer;
      const all = this.samples * output.perSample;
      if (spec.activation === "silu") call.siluBackward(output.gradient, output.raw, all);
      if (spec.activation === "leaky-relu") call.leakyReluBackward(output.gradient, output.at, all, leak);
      if (spec.type === "dense") this.#backwardDense(layer, l > 0);
      else for (let i = 0; i < this.samples; i++) this.#backwardSample(layer, i, l > 0);
    }
  }

  /** Write the gradient since `clearGradient` into a flat vector. */
  gradient(into: Float32Array): void {
    for (const layer of this.#layers) {
      const { rows, columns, padded } = layer;
      const from = this.#space.view(layer.gWeights, rows * padded);
      for (let r = 0; r < rows; r++) {
        into.set(from.subarray(r * padded, r * padded + columns), layer.offset + r * columns);
      }
      const bias = this.#space.view(layer.gBias, padded);
      const biases = this.#biases(layer);
      into.fill(0, layer.biasOffset, layer.biasOffset + biases);
      for (let c = 0; c < columns; c++) {
        const at = layer.biasOffset + (c % biases);
        into[at] = (into[at] as number) + (bias[c] as number);
      }
    }
  }

  #apply(layer: Layer): void {
    const { call } = this.#space;
    const { spec, input, output, weights, bias, rows, padded, slices } = layer;
    if (spec.type === "dense") {
      const [x, y] = [this.#address(input, "at", 0), this.#address(output, "raw", 0)];
      const n = this.samples;
      call.gemm(n, padded, rows, x, input.perSample, weights, padded, y, output.perSample, 0);
      call.addBias(n, padded, y, output.perSample, bias);
      return;
    }
    for (let i = 0; i < this.samples; i++) {
      const x = this.#address(input, "at", i);
      const y = this.#address(output, "raw", i);
      if (spec.type === "conv") {
        const step = spec.stride * input.channels;
        const first = x - input.before * float;
        call.gemm(output.length, padded, rows, first, step, weights, padded, y, padded, 0);
        call.addBias(output.length, padded, y, padded, bias);
      } else {
        const start = y - output.before * float;
        this.#space.view(start, output.perSample).fill(0);
        for (let j = 0; j < slices; j++) {
          const w = weights + j * input.channels * padded * float;
          const to = start + j * padded * float;
          call.gemm(input.length, padded, input.channels, x, input.channels, w, padded, to, padded, 1);
        }
        call.addBias(input.length, padded, y, padded, bias);
      }
    }
  }

  #activate({ spec, output }: Layer): void {
    const { call } = this.#space;
    const all = this.samples * output.perSample;
    if (spec.activation === "silu") call.siluForward(output.raw, output.at, all);
    if (spec.activation === "leaky-relu") call.leakyReluForward(output.at, all, leak);
  }

  #backwardDense({ input, output, transposed, gWeights, gBias, rows, padded }: Layer, alsoInput: boolean): void {
    const { call } = this.#space;
    const n = this.samples;
    const [x, g] = [this.#address(input, "at", 0), this.#address(output, "gradient", 0)];
    call.sumRows(n, padded, g, output.perSample, gBias);
    call.gemmTn(n, rows, padded, x, input.perSample, g, output.perSample, gWeights, padded, 1);
    if (!alsoInput) return;
    const gx = this.#address(input, "gradient", 0);
    call.gemm(n, eights(rows), padded, g, output.perSample, transposed, eights(rows), gx, input.perSample, 0);
  }

  #backwardSample(layer: Layer, i: number, alsoInput: boolean): void {
    const { call } = this.#space;
    const { spec, input, output, transposed, gWeights, gBias, rows, padded, slices } = layer;
    const x = this.#address(input, "at", i);
    const gx = this.#address(input, "gradient", i);
    const g = this.#address(output, "gradient", i);
    if (spec.type === "conv") {
      const step = spec.stride * input.channels;
      call.sumRows(output.length, padded, g, padded, gBias);
      const first = x - input.before * float;
      call.gemmTn(output.length, rows, padded, first, step, g, padded, gWeights, padded, 1);
      if (!alsoInput) return;
      const start = gx - input.before * float;
      this.#space.view(start, input.perSample).fill(0);
      for (let j = 0; j < spec.overlap; j++) {
        const w = transposed + j * step * float;
        call.gemm(output.length, step, padded, g, padded, w, rows, start + j * step * float, step, 1);
      }
    } else {
      const start = g - output.before * float;
      call.sumRows(input.length, padded, g, padded, gBias);
      for (let j = 0; j < slices; j++) {
        const from = start + j * padded * float;
        const at = j * input.channels * padded * float;
        call.gemmTn(input.length, input.channels, padded, x, input.channels, from, padded, gWeights + at, padded, 1);
        const to = [input.length, input.channels] as const;
        call.gemm(to[0], to[1], padded, from, padded, transposed + at, to[1], gx, to[1], j === 0 ? 0 : 1);
      }
    }
  }

  #biases({ spec, columns, output }: Layer): number {
    return spec.type === "conv-transpose" ? output.channels : columns;
  }

  /** @param next what reads the signal @param made what writes it; undefined for the input */
  #signal(length: number, channels: number, next: ChainLayer | undefined, made: ChainLayer | undefined): Signal {
    // Both readers' windows and writers' overhang reach beyond the data by the kernel's width less one stride.
    const margin = (q: number, width: number): [number, number] => [Math.floor((q - 1) / 2) * width, (q - 1) * width];
    let [before, extra] = [0, 0];
    if (next?.type === "conv") [before, extra] = margin(next.overlap, next.stride * channels);
    if (made?.type === "conv-transpose") [before, extra] = margin(made.overlap, made.stride * channels);
    const perSample = eights(length * channels) + extra;
    const room = (): Address => this.#space.allocate(this.samples * perSample);
    const at = room();
    const raw = made?.activation === "silu" ? room() : at;
    return { length, channels, before, perSample, at, raw, gradient: made === undefined ? 0 : room() };
  }

  #address(signal: Signal, which: "at" | "raw" | "gradient", sample: number): Address {
    return signal[which] + (sample * signal.perSample + signal.before) * float;
  }

  #data(signal: Signal, which: "at" | "gradient", sample: number): Float32Array {
    return this.#space.view(this.#address(signal, which, sample), signal.length * signal.channels);
  }
}
