/**
 * Value and gradient of an autoregressive flow on the kernels: log q(theta | x) over chunks of columns that stay in the
 * cache, activations kept for the way back, gradients accumulated over chunks. One instance is one thread's workspace.
 * Layout: feature-major, (features x columns); with atoms, column a * R + r is atom a of simulation r.
 */
import type { KernelSpace } from "../../kernels/module.js";
import type { FlowArchitecture, LayerWeights, WeightBlock } from "./architecture.js";
import type { DensityEngine } from "./density-engine.js";

type Address = number;

/** What a layer keeps between the way there and the way back. */
interface LayerBuffers {
  /** D x N */
  readonly z: Address;
  /** Activations of the first layer and after each block, and the blocks' own activations; hidden x N each. */
  readonly stream: readonly Address[];
  readonly inner: readonly Address[];
  /** D * outputs x N */
  readonly raw: Address;
}

const float = 4;

export class FlowEngine implements DensityEngine {
  readonly architecture: FlowArchitecture;
  /** Simulations per chunk and atoms per simulation that the buffers hold. */
  readonly rows: number;
  readonly atoms: number;
  readonly #space: KernelSpace;
  readonly #weights: Address;
  /** Masked weights transposed, block by block at the same offsets. */
  readonly #transposed: Address;
  readonly #mask: Address;
  readonly #gradient: Address;
  readonly #layers: readonly LayerBuffers[];
  readonly #context: Address;
  readonly #projected: Address;
  readonly #out: Address;
  readonly #logQ: Address;
  readonly #gLogDet: Address;
  readonly #gz: Address;
  readonly #gStream: Address;
  readonly #gInner: Address;
  readonly #gRaw: Address;

  /** @param rows simulations per chunk, a multiple of 8 @param atoms thetas per simulation, 1 or more */
  constructor(space: KernelSpace, architecture: FlowArchitecture, rows: number, atoms: number) {
    this.architecture = architecture;
    this.rows = rows;
    this.atoms = atoms;
    this.#space = space;
    const { numParameters: d, numFeatures: f, hidden: h, blocks } = architecture.shape;
    const n = rows * atoms;
    const p = d * architecture.outputs;
    const room = (count: number): Address => space.allocate(count);
    this.#weights = room(architecture.size);
    this.#transposed = room(architecture.size);
    this.#mask = room(architecture.size);
    this.#gradient = room(architecture.size);
    this.#layers = architecture.layers.map(() => ({
      z: room(d * n),
      stream: Array.from({ length: blocks + 1 }, () => room(h * n)),
      inner: Array.from({ length: blocks }, () => room(h * n)),
      raw: room(p * n),
    }));
    this.#context = room(f * rows);
    this.#projected = room(h * rows);
    this.#out = room(d * n);
    this.#logQ = room(n);
    this.#gLogDet = room(n);
    this.#gz = room(d * n);
    this.#gStream = room(h * n);
    this.#gInner = room(h * n);
    this.#gRaw = room(p * n);
    space.view(this.#mask, architecture.size).set(architecture.mask);
  }

  /** Take new weights. @param weights shape (architecture.size), masked entries are ignored */
  setWeights(weights: Float32Array): void {
    const { call } = this.#space;
    this.#space.view(this.#weights, weights.length).set(weights);
    call.multiply(this.#weights, this.#weights, this.#mask, weights.length);
    for (const layer of this.architecture.layers) {
      this.#transpose(layer.input);
      for (const block of layer.blocks) this.#transpose(block.weight);
      this.#transpose(layer.output);
    }
  }

  get noiseSize(): number {
    return this.architecture.shape.numParameters;
  }

  /** Where to put theta, (d x rows * atoms), before `logProb`. Valid until the space grows. */
  get theta(): Float32Array {
    const d = this.architecture.shape.numParameters;
    return this.#space.view((this.#layers[0] as LayerBuffers).z, d * this.rows * this.atoms);
  }

  /** Where to put x, (f x rows), before `logProb`. */
  get x(): Float32Array {
    return this.#space.view(this.#context, this.architecture.shape.numFeatures * this.rows);
  }

  /** log q of the columns in `theta` given `x`; the view is overwritten by the next call. */
  logProb(): Float32Array {
    const { call } = this.#space;
    const d = this.architecture.shape.numParameters;
    const n = this.rows * this.atoms;
    this.#space.view(this.#logQ, n).fill(0);
    this.architecture.layers.forEach((layer, l) => {
      const buffers = this.#layers[l] as LayerBuffers;
      this.#condition(layer, buffers);
      const next = this.#layers[l + 1]?.z ?? this.#out;
      for (let i = 0; i < d; i++) this.#transform(buffers, next, i);
    });
    for (let i = 0; i < d; i++) call.addNormalLogDensity(n, this.#out + i * n * float, this.#logQ);
    return this.#space.view(this.#logQ, n);
  }

  clearGradient(): void {
    this.#space.view(this.#gradient, this.architecture.size).fill(0);
  }

  /** Gradient accumulated since `clearGradient`, masked; a view. */
  gradient(): Float32Array {
    const size = this.architecture.size;
    this.#space.call.multiply(this.#gradient, this.#gradient, this.#mask, size);
    return this.#space.view(this.#gradient, size);
  }

  /** Add the gradient of sum(columnWeights * logQ) of the last `logProb`. @param columnWeights shape (rows * atoms) */
  backward(columnWeights: Float32Array): void {
    const { call } = this.#space;
    const { numParameters: d, transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const perDimension = this.architecture.outputs * n * float;
    this.#space.view(this.#gLogDet, n).set(columnWeights);
    const z = this.#space.view(this.#out, d * n);
    const gz = this.#space.view(this.#gz, d * n);
    for (let i = 0; i < d * n; i++) gz[i] = -(z[i] as number) * (columnWeights[i % n] as number);
    for (let l = this.architecture.layers.length - 1; l >= 0; l--) {
      const buffers = this.#layers[l] as LayerBuffers;
      for (let i = 0; i < d; i++) {
        const raw = buffers.raw + i * perDimension;
        const at = i * n * float;
        const graw = this.#gRaw + i * perDimension;
        if (transform.type === "affine") {
          call.affineBackward(n, raw, buffers.z + at, this.#gz + at, this.#gLogDet, graw);
        } else {
          const { bins, bound } = transform;
          call.splineBackward(n, bins, bound, raw, buffers.z + at, this.#gz + at, this.#gLogDet, graw);
        }
      }
      this.#conditionBackward(this.architecture.layers[l] as LayerWeights, buffers);
    }
  }

  /**
   * Invert for base noise in `out` order: writes theta (d x n) given noise (d x n), one pass per parameter and layer.
   * @param noise shape (d x rows * atoms) @returns theta, a view
   */
  inverse(noise: Float32Array): Float32Array {
    const d = this.architecture.shape.numParameters;
    const n = this.rows * this.atoms;
    const scratch = this.#gLogDet;
    let target = Float32Array.from(noise);
    for (let l = this.architecture.layers.length - 1; l >= 0; l--) {
      const layer = this.architecture.layers[l] as LayerWeights;
      const buffers = this.#layers[l] as LayerBuffers;
      this.#space.view(buffers.z, d * n).fill(0);
      this.#space.view(this.#out, d * n).set(target);
      for (let place = 0; place < d; place++) {
        this.#condition(layer, buffers);
        const parameter = this.architecture.place(l, place);
        this.#inverseTransform(buffers, parameter, scratch);
      }
      target = this.#space.view(buffers.z, d * n).slice();
    }
    return this.theta;
  }

  #condition(layer: LayerWeights, { z, stream, inner, raw }: LayerBuffers): void {
    const { call } = this.#space;
    const { numParameters: d, hidden: h } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const first = stream[0] as Address;
    this.#project(layer.context, layer.bias, first);
    call.gemm(h, n, d, this.#at(layer.input), d, z, n, first, n, 1);
    call.reluForward(first, h * n);
    layer.blocks.forEach((block, b) => {
      const before = stream[b] as Address;
      const after = stream[b + 1] as Address;
      const own = inner[b] as Address;
      this.#project(block.context, block.bias, own);
      call.gemm(h, n, h, this.#at(block.weight), h, before, n, own, n, 1);
      call.reluForward(own, h * n);
      call.add(after, before, own, h * n);
    });
    const last = stream[stream.length - 1] as Address;
    const rows = layer.output.rows;
    call.fillColumns(rows, n, this.#at(layer.outputBias), raw);
    call.gemm(rows, n, h, this.#at(layer.output), h, last, n, raw, n, 1);
  }

  #conditionBackward(layer: LayerWeights, { z, stream, inner }: LayerBuffers): void {
    const { call } = this.#space;
    const { numParameters: d, hidden: h } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const last = stream[stream.length - 1] as Address;
    const rows = layer.output.rows;
    call.gemmNt(n, rows, h, this.#gRaw, n, last, n, this.#gradientAt(layer.output), h);
    call.sumColumns(rows, n, this.#gRaw, this.#gradientAt(layer.outputBias));
    call.gemm(h, n, rows, this.#transposedAt(layer.output), rows, this.#gRaw, n, this.#gStream, n, 0);
    for (let b = layer.blocks.length - 1; b >= 0; b--) {
      const block = layer.blocks[b] as LayerWeights["blocks"][number];
      this.#space.memoryCopy(this.#gInner, this.#gStream, h * n);
      call.reluBackward(this.#gInner, inner[b] as Address, h * n);
      call.gemmNt(n, h, h, this.#gInner, n, stream[b] as Address, n, this.#gradientAt(block.weight), h);
      this.#projectBackward(block.context, block.bias, this.#gInner);
      call.gemm(h, n, h, this.#transposedAt(block.weight), h, this.#gInner, n, this.#gStream, n, 1);
    }
    call.reluBackward(this.#gStream, stream[0] as Address, h * n);
    call.gemmNt(n, h, d, this.#gStream, n, z, n, this.#gradientAt(layer.input), d);
    this.#projectBackward(layer.context, layer.bias, this.#gStream);
    call.gemm(d, n, h, this.#transposedAt(layer.input), h, this.#gStream, n, this.#gz, n, 1);
  }

  /** C (hidden x n) := V x + bias, computed once per simulation and repeated for its atoms. */
  #project(context: WeightBlock, bias: WeightBlock, C: Address): void {
    const { call } = this.#space;
    const { hidden: h, numFeatures: f } = this.architecture.shape;
    const once = this.atoms === 1 ? C : this.#projected;
    call.fillColumns(h, this.rows, this.#at(bias), once);
    call.gemm(h, this.rows, f, this.#at(context), f, this.#context, this.rows, once, this.rows, 1);
    if (this.atoms > 1) call.tileColumns(h, this.rows, this.atoms, once, C);
  }

  #projectBackward(context: WeightBlock, bias: WeightBlock, G: Address): void {
    const { call } = this.#space;
    const { hidden: h, numFeatures: f } = this.architecture.shape;
    let once = G;
    if (this.atoms > 1) {
      once = this.#projected;
      this.#space.view(once, h * this.rows).fill(0);
      call.sumTiles(h, this.rows, this.atoms, G, once);
    }
    call.sumColumns(h, this.rows, once, this.#gradientAt(bias));
    call.gemmNt(this.rows, h, f, once, this.rows, this.#context, this.rows, this.#gradientAt(context), f);
  }

  #transform(buffers: LayerBuffers, next: Address, parameter: number): void {
    const { call } = this.#space;
    const { transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const raw = buffers.raw + parameter * this.architecture.outputs * n * float;
    const at = parameter * n * float;
    if (transform.type === "affine") call.affineForward(n, raw, buffers.z + at, next + at, this.#logQ);
    else call.splineForward(n, transform.bins, transform.bound, raw, buffers.z + at, next + at, this.#logQ);
  }

  #inverseTransform(buffers: LayerBuffers, parameter: number, logDet: Address): void {
    const { call } = this.#space;
    const { transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const raw = buffers.raw + parameter * this.architecture.outputs * n * float;
    const at = parameter * n * float;
    if (transform.type === "affine") call.affineInverse(n, raw, this.#out + at, buffers.z + at, logDet);
    else call.splineInverse(n, transform.bins, transform.bound, raw, this.#out + at, buffers.z + at, logDet);
  }

  #at(block: WeightBlock): Address {
    return this.#weights + block.offset * float;
  }

  #gradientAt(block: WeightBlock): Address {
    return this.#gradient + block.offset * float;
  }

  #transposedAt(block: WeightBlock): Address {
    return this.#transposed + block.offset * float;
  }

  #transpose(block: WeightBlock): void {
    const { rows, columns } = block;
    this.#space.call.transpose(rows, columns, this.#at(block), columns, this.#transposedAt(block), rows);
  }
}
