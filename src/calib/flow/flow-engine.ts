/**
 * Value, gradient and inverse of a flow on the kernels: log q(theta | x) over columns that stay in the cache, activations
 * kept for the way back, gradients accumulated over calls. One instance is one thread's workspace.
 */
import type { KernelSpace } from "../../kernels/module.js";
import type { FlowArchitecture, FlowLayer } from "./architecture.js";
import { Conditioner, type ConditionerBuffers, type WeightAddresses } from "./conditioner.js";
import type { DensityEngine, EngineOptions } from "./density-engine.js";
import type { FlowTransform } from "./density-estimator.js";

type Address = number;
const float = 4;

export class FlowEngine implements DensityEngine {
  readonly architecture: FlowArchitecture;
  readonly rows: number;
  readonly atoms: number;
  readonly #space: KernelSpace;
  readonly #at: WeightAddresses;
  readonly #conditioner: Conditioner;
  readonly #layers: readonly ConditionerBuffers[];
  readonly #out: Address;
  readonly #logQ: Address;
  readonly #gLogDet: Address;
  /** Gradients with respect to the input of the layer at hand and of the one before it. */
  readonly #gz: readonly [Address, Address];
  readonly #gRaw: Address;
  /** What comes out of the affine part of a transform, and a place for its log-determinant that nobody reads. */
  readonly #middle: Address;
  readonly #unread: Address;

  constructor(space: KernelSpace, architecture: FlowArchitecture, options: EngineOptions) {
    const { rows, atoms, trackX = false } = options;
    this.architecture = architecture;
    this.rows = rows;
    this.atoms = atoms;
    this.#space = space;
    const { numParameters: d, blocks } = architecture.shape;
    const n = rows * atoms;
    const room = (count: number): Address => space.allocate(count);
    const { size } = architecture;
    this.#at = { weights: room(size), transposed: room(size), gradient: room(size + 4) };
    this.#conditioner = new Conditioner(space, architecture.conditioner, this.#at, { rows, atoms, trackX });
    this.#layers = architecture.layers.map(() => this.#conditioner.buffers(blocks));
    this.#out = room(d * n);
    this.#logQ = room(n);
    this.#gLogDet = room(n);
    this.#gz = [room(d * n), room(d * n)];
    this.#gRaw = room(d * architecture.outputs * n);
    this.#middle = room(n);
    this.#unread = room(n);
  }

  get noiseSize(): number {
    return this.architecture.shape.numParameters;
  }

  setWeights(weights: Float32Array): void {
    this.#space.view(this.#at.weights, weights.length).set(weights);
    for (const layer of this.architecture.layers) this.#conditioner.transpose(layer);
  }

  get theta(): Float32Array {
    // The first layer takes the parameters in their own order.
    return this.#columns((this.#layers[0] as ConditionerBuffers).z);
  }

  get x(): Float32Array {
    return this.#space.view(this.#conditioner.x, this.architecture.shape.numFeatures * this.rows);
  }

  logProb(): Float32Array {
    const { call } = this.#space;
    const { numParameters: d, layers } = this.architecture.shape;
    const n = this.rows * this.atoms;
    this.#space.view(this.#logQ, n).fill(0);
    for (let l = 0; l < layers; l++) {
      const layer = this.#layer(l);
      const buffers = this.#layers[l] as ConditionerBuffers;
      this.#conditioner.forward(layer, buffers);
      const next = this.#layers[l + 1]?.z ?? this.#out;
      layer.order.forEach((parameter, k) => {
        this.#transform(buffers, k, next + this.#position(l + 1, parameter) * n * float);
      });
    }
    for (let i = 0; i < d; i++) call.addNormalLogDensity(n, this.#out + i * n * float, this.#logQ);
    return this.#space.view(this.#logQ, n);
  }

  clearGradient(): void {
    this.#space.view(this.#at.gradient, this.architecture.size).fill(0);
  }

  gradient(): Float32Array {
    return this.#space.view(this.#at.gradient, this.architecture.size);
  }

  get xGradient(): Float32Array {
    return this.#conditioner.xGradient;
  }

  backward(columnWeights: Float32Array): void {
    const { numParameters: d, layers } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const perDimension = this.architecture.outputs * n * float;
    this.#space.view(this.#gLogDet, n).set(columnWeights);
    let [gz, gNext] = this.#gz;
    const z = this.#columns(this.#out);
    const g = this.#columns(gNext);
    for (let i = 0; i < d * n; i++) g[i] = -(z[i] as number) * (columnWeights[i % n] as number);
    this.#conditioner.beginBackward();
    for (let l = layers - 1; l >= 0; l--) {
      const layer = this.#layer(l);
      const buffers = this.#layers[l] as ConditionerBuffers;
      layer.order.forEach((parameter, k) => {
        const raw = buffers.raw + k * perDimension;
        const at = buffers.z + k * n * float;
        const gk = gz + k * n * float;
        const graw = this.#gRaw + k * perDimension;
        this.#space.memoryCopy(gk, gNext + this.#position(l + 1, parameter) * n * float, n);
        this.#transformBackward(raw, at, gk, graw);
      });
      this.#conditioner.backward(layer, buffers, this.#gRaw, gz);
      [gz, gNext] = [gNext, gz];
    }
  }

  inverse(noise: Float32Array): Float32Array {
    const { layers } = this.architecture.shape;
    const n = this.rows * this.atoms;
    this.#columns(this.#out).set(noise);
    for (let l = layers - 1; l >= 0; l--) {
      const layer = this.#layer(l);
      const buffers = this.#layers[l] as ConditionerBuffers;
      const target = this.#layers[l + 1]?.z ?? this.#out;
      this.#conditioner.observe(layer, buffers);
      this.architecture.conditioner.groups.forEach((group, g) => {
        if (g > 0) this.#conditioner.raise(layer, buffers, g);
        this.#conditioner.answer(layer, buffers, g);
        for (let k = group.outputsFrom; k < group.outputsTo; k++) {
          const parameter = layer.order[k] as number;
          this.#inverseTransform(buffers, k, target + this.#position(l + 1, parameter) * n * float);
        }
      });
    }
    return this.theta;
  }

  #layer(l: number): FlowLayer {
    return this.architecture.layers[l] as FlowLayer;
  }

  /** Where a parameter stands in the input of layer l, or in the base noise. */
  #position(l: number, parameter: number): number {
    return this.architecture.layers[l]?.order.indexOf(parameter) ?? parameter;
  }

  #columns(at: Address): Float32Array {
    return this.#space.view(at, this.architecture.shape.numParameters * this.rows * this.atoms);
  }

  #transform({ raw, z }: ConditionerBuffers, k: number, to: Address): void {
    const { call } = this.#space;
    const { transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const own = raw + k * this.architecture.outputs * n * float;
    const at = z + k * n * float;
    const spline = splineOf(transform);
    if (spline?.behind !== 0) call.affineForward(n, own, at, to, this.#logQ);
    if (spline === undefined) return;
    const { bins, bound, behind } = spline;
    call.splineForward(n, bins, bound, own + behind * n * float, behind === 0 ? at : to, to, this.#logQ);
  }

  /** The gradient at gz becomes the one with respect to what came in, z. */
  #transformBackward(raw: Address, z: Address, gz: Address, gRaw: Address): void {
    const { call } = this.#space;
    const { transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const spline = splineOf(transform);
    if (spline !== undefined) {
      const { bins, bound, behind } = spline;
      const from = behind === 0 ? z : this.#middle;
      const skip = behind * n * float;
      if (behind > 0) call.affineForward(n, raw, z, from, this.#unread);
      call.splineBackward(n, bins, bound, raw + skip, from, gz, this.#gLogDet, gRaw + skip);
    }
    if (spline?.behind !== 0) call.affineBackward(n, raw, z, gz, this.#gLogDet, gRaw);
  }

  #inverseTransform({ raw, z }: ConditionerBuffers, k: number, from: Address): void {
    const { call } = this.#space;
    const { transform } = this.architecture.shape;
    const n = this.rows * this.atoms;
    const own = raw + k * this.architecture.outputs * n * float;
    const at = z + k * n * float;
    const spline = splineOf(transform);
    if (spline !== undefined) {
      const { bins, bound, behind } = spline;
      call.splineInverse(n, bins, bound, own + behind * n * float, from, at, this.#gLogDet);
    }
    if (spline?.behind !== 0) call.affineInverse(n, own, spline === undefined ? from : at, at, this.#gLogDet);
  }
}

/** The spline of a transform and how many raw parameters of an affine one stand before its own. */
function splineOf(transform: FlowTransform): { bins: number; bound: number; behind: 0 | 2 } | undefined {
  if (transform.type === "affine") return undefined;
  return { bins: transform.bins, bound: transform.bound, behind: transform.affine === true ? 2 : 0 };
}
