/**
 * The masked residual network of one flow layer on the kernels. What depends on the observation alone (the projection of
 * x, the units of degree 0) is computed once per observation, everything else once per theta. Works degree by degree, so
 * that the same code runs a whole pass and, in the inverse, one parameter after the other.
 * Layout: feature-major, (features x columns); R columns for observations, n = R * atoms for thetas, atom by atom.
 */
import type { KernelSpace } from "../../kernels/module.js";
import type { ConditionerShape, ConditionerWeights, UnitGroup, WeightBlock } from "./weights.js";

type Address = number;
const float = 4;

/** A hidden layer: `low`, hidden x R, holds degree 0 (and the others' part that depends on x alone); `high` the rest. */
interface Stage {
  readonly low: Address;
  /** (hidden - units of degree 0) x n; with one atom it is the rest of `low`. */
  readonly high: Address;
}

/** Activations that a layer keeps between the way there and the way back. */
export interface ConditionerBuffers {
  /** d x n, in the order of places. */
  readonly z: Address;
  /** After the first layer and after each block. */
  readonly stream: readonly Stage[];
  /** The blocks' own activations. */
  readonly inner: readonly Stage[];
  /** d * outputs x n */
  readonly raw: Address;
}

/** Weights of all layers in the kernels' memory. */
export interface WeightAddresses {
  readonly weights: Address;
  /** Each block transposed, at the same offset. */
  readonly transposed: Address;
  readonly gradient: Address;
}

export class Conditioner {
  readonly #space: KernelSpace;
  readonly #at: WeightAddresses;
  readonly #groups: readonly UnitGroup[];
  /** Units: all, of degree 0, others. */
  readonly #h: number;
  readonly #h0: number;
  readonly #h1: number;
  readonly #d: number;
  readonly #f: number;
  readonly #outputs: number;
  readonly #outputRows: number;
  readonly #rows: number;
  readonly #atoms: number;
  readonly #n: number;
  /** f x R */
  readonly x: Address;
  /** Gradient with respect to x, f x R, when asked for. */
  readonly #gx: Address | undefined;
  /** x turned, R x f padded to a multiple of 4. */
  readonly #xTurned: Address;
  readonly #f4: number;
  /** Activations turned: R x hidden, and n x the higher degrees with its leading dimension. */
  readonly #turnedLow: Address;
  readonly #turnedHigh: Address;
  readonly #ldHigh: number;
  readonly #rawLow: Address;
  readonly #gStream: Stage;
  readonly #gInner: Stage;
  readonly #gRawLow: Address;

  constructor(
    space: KernelSpace,
    { groups, hidden, outputs, outputRows, numParameters, numFeatures }: ConditionerShape,
    at: WeightAddresses,
    { rows, atoms, trackX }: { rows: number; atoms: number; trackX: boolean },
  ) {
    this.#space = space;
    this.#at = at;
    this.#groups = groups;
    this.#h = hidden;
    this.#h0 = groups[0]?.to ?? 0;
    this.#h1 = hidden - this.#h0;
    this.#d = numParameters;
    this.#f = numFeatures;
    this.#outputs = outputs;
    this.#outputRows = outputRows;
    this.#rows = rows;
    this.#atoms = atoms;
    this.#n = rows * atoms;
    this.x = space.allocate(this.#f * rows);
    this.#gx = trackX ? space.allocate(this.#f * rows) : undefined;
    this.#f4 = Math.ceil(this.#f / 4) * 4;
    this.#xTurned = space.allocate(rows * this.#f4);
    this.#turnedLow = space.allocate(rows * hidden);
    this.#turnedHigh = atoms === 1 ? this.#turnedLow + this.#h0 * float : space.allocate(this.#n * this.#h1);
    this.#ldHigh = atoms === 1 ? hidden : this.#h1;
    this.#rawLow = atoms === 1 ? 0 : space.allocate(outputRows * rows);
    this.#gRawLow = atoms === 1 ? 0 : space.allocate(outputRows * rows);
    this.#gStream = this.#stage();
    this.#gInner = this.#stage();
  }

  buffers(blocks: number): ConditionerBuffers {
    return {
      z: this.#space.allocate(this.#d * this.#n),
      stream: Array.from({ length: blocks + 1 }, () => this.#stage()),
      inner: Array.from({ length: blocks }, () => this.#stage()),
      raw: this.#space.allocate(this.#outputRows * this.#n),
    };
  }

  /** Gradient with respect to x, (f x R), a view. */
  get xGradient(): Float32Array {
    if (this.#gx === undefined) throw new Error("the engine was made without trackX");
    return this.#space.view(this.#gx, this.#f * this.#rows);
  }

  /** Everything that depends on x alone. */
  observe(layer: ConditionerWeights, buffers: ConditionerBuffers): void {
    const { call } = this.#space;
    const first = buffers.stream[0] as Stage;
    this.#project(layer.context, layer.bias, first);
    call.reluForward(first.low, this.#h0 * this.#rows);
    layer.blocks.forEach((block, b) => {
      const [before, after, own] = [buffers.stream[b], buffers.stream[b + 1], buffers.inner[b]] as [
        Stage,
        Stage,
        Stage,
      ];
      this.#project(block.context, block.bias, own, block.weight, before.low);
      call.reluResidual(after.low, before.low, own.low, this.#h0 * this.#rows);
    });
    const last = buffers.stream.at(-1) as Stage;
    const [rows, R] = [layer.output.rows, this.#rows];
    const low = this.#atoms === 1 ? buffers.raw : this.#rawLow;
    call.fillColumns(rows, R, this.#of(layer.outputBias), low);
    call.gemmTn(this.#h0, rows, R, this.#transposedOf(layer.output), rows, last.low, R, low, R, 1);
    if (this.#atoms > 1) call.tileColumns(rows, R, this.#atoms, low, buffers.raw);
  }

  /** The units of degree g >= 1, once the parameters that they see stand in z. */
  raise(layer: ConditionerWeights, { z, stream, inner }: ConditionerBuffers, g: number): void {
    const { call } = this.#space;
    const { from, to, sees } = this.#groups[g] as UnitGroup;
    const [n, h, units] = [this.#n, this.#h, to - from];
    const first = this.#high(stream[0] as Stage, from);
    call.gemmTn(sees, units, n, this.#transposedOf(layer.input, from), h, z, n, first, n, 1);
    call.reluForward(first, units * n);
    layer.blocks.forEach((block, b) => {
      const before = stream[b] as Stage;
      const own = this.#high(inner[b] as Stage, from);
      const weight = this.#transposedOf(block.weight, this.#h0 * h + from);
      call.gemmTn(to - this.#h0, units, n, weight, h, before.high, n, own, n, 1);
      call.reluResidual(this.#high(stream[b + 1] as Stage, from), this.#high(before, from), own, units * n);
    });
  }

  /** Add to the raw parameters at place g what the units of degrees 1..g say. */
  answer(layer: ConditionerWeights, { stream, raw }: ConditionerBuffers, g: number): void {
    const { to, outputsFrom, outputsTo } = this.#groups[g] as UnitGroup;
    if (g === 0) return;
    const [n, o] = [this.#n, this.#outputs];
    const last = stream.at(-1) as Stage;
    const all = layer.output.rows;
    const weight = this.#transposedOf(layer.output, this.#h0 * all + outputsFrom * o);
    const rows = (outputsTo - outputsFrom) * o;
    const at = raw + outputsFrom * o * n * float;
    this.#space.call.gemmTn(to - this.#h0, rows, n, weight, all, last.high, n, at, n, 1);
  }

  /** A whole pass. */
  forward(layer: ConditionerWeights, buffers: ConditionerBuffers): void {
    this.observe(layer, buffers);
    for (let g = 1; g < this.#groups.length; g++) {
      this.raise(layer, buffers, g);
      this.answer(layer, buffers, g);
    }
  }

  /** Make ready for `backward` through all layers, for the x of the last pass. */
  beginBackward(): void {
    this.#space.call.transpose(this.#f, this.#rows, this.x, this.#rows, this.#xTurned, this.#f4);
    if (this.#gx !== undefined) this.#space.view(this.#gx, this.#f * this.#rows).fill(0);
  }

  /** Add the gradients of the weights, of x, and to gz (d x n, in the order of places). @param gRaw d * outputs x n */
  backward(layer: ConditionerWeights, { z, stream, inner }: ConditionerBuffers, gRaw: Address, gz: Address): void {
    const { call } = this.#space;
    const [n, R, h, h0] = [this.#n, this.#rows, this.#h, this.#h0];
    const g = this.#gStream;
    this.#outputBackward(layer, stream.at(-1) as Stage, gRaw);
    for (let b = layer.blocks.length - 1; b >= 0; b--) {
      const block = layer.blocks[b] as ConditionerWeights["blocks"][number];
      const before = stream[b] as Stage;
      const own = inner[b] as Stage;
      const gOwn = this.#gInner;
      call.reluBackward(gOwn.low, g.low, own.low, h0 * R);
      call.reluBackward(gOwn.high, g.high, own.high, this.#h1 * n);
      this.#lower(gOwn);
      this.#turn(before);
      this.#projectBackward(block.context, block.bias, gOwn);
      call.gemm(h, h0, R, gOwn.low, R, this.#turnedLow, h, this.#gradientOf(block.weight), h, 1);
      call.gemmTn(h, h0, R, this.#of(block.weight), h, gOwn.low, R, g.low, R, 1);
      for (const { from, to } of this.#groups.slice(1)) {
        const own1 = this.#high(gOwn, from);
        const place = from * h + h0;
        const gradient = this.#gradientOf(block.weight, place);
        call.gemm(to - from, to - h0, n, own1, n, this.#turnedHigh, this.#ldHigh, gradient, h, 1);
        const weight = this.#of(block.weight, from * h + from);
        call.gemmTn(h - from, to - from, n, weight, h, own1, n, this.#high(g, from), n, 1);
      }
    }
    const first = stream[0] as Stage;
    call.reluBackward(g.low, g.low, first.low, h0 * R);
    call.reluBackward(g.high, g.high, first.high, this.#h1 * n);
    this.#lower(g);
    this.#projectBackward(layer.context, layer.bias, g);
    this.#groups.forEach(({ from, to, sees, outputsFrom, outputsTo }, degree) => {
      if (degree > 0) {
        const gradient = this.#gradientOf(layer.input, from * this.#d);
        call.gemmNt(n, to - from, sees, this.#high(g, from), n, z, n, gradient, this.#d);
      }
      // The parameters at this place are seen by all units of higher degrees.
      if (to === h) return;
      const weight = this.#of(layer.input, to * this.#d + outputsFrom);
      const at = gz + outputsFrom * n * float;
      call.gemmTn(h - to, outputsTo - outputsFrom, n, weight, this.#d, this.#high(g, to), n, at, n, 1);
    });
  }

  /** Turn the weights, as the way there needs them. */
  transpose(layer: ConditionerWeights): void {
    const { call } = this.#space;
    const inner = layer.blocks.flatMap(({ weight, context }) => [weight, context]);
    for (const block of [layer.input, layer.context, layer.output, ...inner]) {
      const { rows, columns } = block;
      call.transpose(rows, columns, this.#of(block), columns, this.#transposedOf(block), rows);
    }
  }

  #turn({ low, high }: Stage): void {
    const { call } = this.#space;
    const units = this.#atoms === 1 ? this.#h : this.#h0;
    call.transpose(units, this.#rows, low, this.#rows, this.#turnedLow, this.#h);
    if (this.#atoms > 1) call.transpose(this.#h1, this.#n, high, this.#n, this.#turnedHigh, this.#h1);
  }

  #outputBackward(layer: ConditionerWeights, last: Stage, gRaw: Address): void {
    const { call } = this.#space;
    const [n, R, h, h0, o] = [this.#n, this.#rows, this.#h, this.#h0, this.#outputs];
    const rows = layer.output.rows;
    let low = gRaw;
    if (this.#atoms > 1) {
      low = this.#gRawLow;
      this.#space.view(low, rows * R).fill(0);
      call.sumTiles(rows, R, this.#atoms, gRaw, low);
    }
    call.sumColumns(rows, R, low, this.#gradientOf(layer.outputBias));
    this.#turn(last);
    call.gemm(rows, h0, R, low, R, this.#turnedLow, h, this.#gradientOf(layer.output), h, 1);
    call.gemmTn(rows, h0, R, this.#of(layer.output), h, low, R, this.#gStream.low, R, 0);
    for (const { from, to, outputsFrom, outputsTo } of this.#groups.slice(1)) {
      const own = gRaw + outputsFrom * o * n * float;
      const gradient = this.#gradientOf(layer.output, outputsFrom * o * h + h0);
      const count = (outputsTo - outputsFrom) * o;
      call.gemm(count, to - h0, n, own, n, this.#turnedHigh, this.#ldHigh, gradient, h, 1);
      // These units speak to the parameters at their own place and at all later ones.
      const weight = this.#of(layer.output, outputsFrom * o * h + from);
      call.gemmTn(rows - outputsFrom * o, to - from, n, weight, h, own, n, this.#high(this.#gStream, from), n, 0);
    }
  }

  /** low := V x + bias (+ W of degree 0), and high := its rows of higher degree, repeated for the atoms. */
  #project(
    context: WeightBlock,
    bias: WeightBlock,
    { low, high }: Stage,
    weight?: WeightBlock,
    before?: Address,
  ): void {
    const { call } = this.#space;
    const [R, h, f] = [this.#rows, this.#h, this.#f];
    call.fillColumns(h, R, this.#of(bias), low);
    call.gemmTn(f, h, R, this.#transposedOf(context), h, this.x, R, low, R, 1);
    if (weight !== undefined && before !== undefined) {
      call.gemmTn(this.#h0, h, R, this.#transposedOf(weight), h, before, R, low, R, 1);
    }
    if (this.#atoms > 1) call.tileColumns(this.#h1, R, this.#atoms, low + this.#h0 * R * float, high);
  }

  /** Bring the gradients of the higher degrees down to one per observation, below those of degree 0. */
  #lower({ low, high }: Stage): void {
    if (this.#atoms === 1) return;
    const at = low + this.#h0 * this.#rows * float;
    this.#space.view(at, this.#h1 * this.#rows).fill(0);
    this.#space.call.sumTiles(this.#h1, this.#rows, this.#atoms, high, at);
  }

  #projectBackward(context: WeightBlock, bias: WeightBlock, { low }: Stage): void {
    const { call } = this.#space;
    const [R, h, f] = [this.#rows, this.#h, this.#f];
    call.sumColumns(h, R, low, this.#gradientOf(bias));
    // Columns beyond f are zero and add nothing to what stands behind a row.
    call.gemm(h, this.#f4, R, low, R, this.#xTurned, this.#f4, this.#gradientOf(context), f, 1);
    if (this.#gx !== undefined) call.gemmTn(h, f, R, this.#of(context), f, low, R, this.#gx, R, 1);
  }

  #stage(): Stage {
    const low = this.#space.allocate(this.#h * this.#rows);
    const aliased = low + this.#h0 * this.#rows * float;
    return { low, high: this.#atoms === 1 ? aliased : this.#space.allocate(this.#h1 * this.#n) };
  }

  /** Row `unit` (counted over all degrees) of the higher degrees. */
  #high({ high }: Stage, unit: number): Address {
    return high + (unit - this.#h0) * this.#n * float;
  }

  #of(block: WeightBlock, element = 0): Address {
    return this.#at.weights + (block.offset + element) * float;
  }

  #transposedOf(block: WeightBlock, element = 0): Address {
    return this.#at.transposed + (block.offset + element) * float;
  }

  #gradientOf(block: WeightBlock, element = 0): Address {
    return this.#at.gradient + (block.offset + element) * float;
  }
}
