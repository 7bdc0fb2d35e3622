/**
 * A mixture of normal densities with full covariance whose weights, means and precision factors are the outputs of a
 * residual network on x. Source: Bishop, "Mixture density networks", 1994; Papamakarios and Murray 2016 (full precision
 * factors for posteriors).
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";
import { normalCdf } from "../inference/normal.js";
import { Conditioner, type ConditionerBuffers, type WeightAddresses } from "./conditioner.js";
import type { DensityArchitecture, DensityEngine, EngineOptions } from "./density-engine.js";
import type { MixtureDensityShape } from "./density-estimator.js";
import {
  type Component,
  type ComponentMoments,
  normaliser,
  type ProposalMixture,
  precisionOf,
} from "./proposal-mixture.js";
import { type ConditionerShape, type ConditionerWeights, initialiseConditioner, WeightPlan } from "./weights.js";

type Address = number;

/** Spread of the components' means at the start; equal components would stay equal for ever. */
const startingSpread = 0.1;
/** Largest |log diagonal|, as in the kernel. */
const largestLog = 10;

export class MixtureArchitecture implements DensityArchitecture {
  readonly shape: MixtureDensityShape;
  readonly conditioner: ConditionerShape;
  readonly layer: ConditionerWeights;
  readonly size: number;
  /** Rows of raw values of one component: weight, means, log-diagonals, entries below the diagonal. */
  readonly perComponent: number;

  /** @throws FieldOutOfRange */
  constructor(shape: MixtureDensityShape) {
    const limits = {
      numParameters: [1, 64],
      numFeatures: [1, 1e6],
      components: [1, 64],
      hidden: [1, 1e4],
      blocks: [0, 100],
    };
    for (const [name, [least, most]] of Object.entries(limits) as [keyof typeof limits, [number, number]][]) {
      const value = shape[name];
      if (!Number.isInteger(value) || value < least || value > most) {
        throw new FieldOutOfRange(`mixture.${name}`, value, `${least}..${most}`);
      }
    }
    this.shape = shape;
    const { numParameters: d, numFeatures, components, blocks } = shape;
    const hidden = Math.ceil(shape.hidden / 4) * 4;
    this.perComponent = 1 + 2 * d + (d * (d - 1)) / 2;
    // All units see x alone: one degree, and no parameters among the inputs.
    const groups = [{ from: 0, to: hidden, sees: 0, outputsFrom: 0, outputsTo: 0 }];
    const outputRows = components * this.perComponent;
    this.conditioner = { numParameters: 0, numFeatures, hidden, blocks, groups, outputs: 1, outputRows };
    const plan = new WeightPlan();
    this.layer = plan.conditioner(this.conditioner);
    this.size = plan.size;
  }

  /** Weights with which q is a mixture of unit normals near 0: the standard normal but for about a hundredth. */
  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.size);
    initialiseConditioner(weights, this.layer, this.conditioner, rng);
    const { components, numParameters: d } = this.shape;
    const { offset } = this.layer.outputBias;
    for (let i = 0; i < d; i++) {
      const means = Array.from({ length: components }, () => startingSpread * rng.normal());
      // Centred, so that the mixture has the prior's mean.
      const centre = means.reduce((sum, m) => sum + m, 0) / components;
      means.forEach((m, k) => {
        weights[offset + k * this.perComponent + 1 + i] = m - centre;
      });
    }
    return weights;
  }
}

export class MixtureEngine implements DensityEngine {
  readonly architecture: MixtureArchitecture;
  readonly rows: number;
  readonly atoms: number;
  readonly #space: KernelSpace;
  readonly #at: WeightAddresses;
  readonly #conditioner: Conditioner;
  readonly #buffers: ConditionerBuffers;
  readonly #theta: Address;
  readonly #share: Address;
  readonly #logQ: Address;
  readonly #g: Address;
  readonly #gRaw: Address;
  readonly #corrections = new Map<
    number,
    { readonly components: readonly Component[]; readonly moments: readonly ComponentMoments[] }
  >();

  constructor(space: KernelSpace, architecture: MixtureArchitecture, options: EngineOptions) {
    const { rows, atoms, trackX = false } = options;
    this.architecture = architecture;
    this.rows = rows;
    this.atoms = atoms;
    this.#space = space;
    const { numParameters: d, components, blocks } = architecture.shape;
    const n = rows * atoms;
    const room = (count: number): Address => space.allocate(count);
    const { size } = architecture;
    this.#at = { weights: room(size), transposed: room(size), gradient: room(size + 4) };
    this.#conditioner = new Conditioner(space, architecture.conditioner, this.#at, { rows, atoms, trackX });
    this.#buffers = this.#conditioner.buffers(blocks);
    this.#theta = room(d * n);
    this.#share = room(components * n);
    this.#logQ = room(n);
    this.#g = room(n);
    this.#gRaw = room(components * architecture.perComponent * n);
  }

  /** One value chooses the component. */
  get noiseSize(): number {
    return this.architecture.shape.numParameters + 1;
  }

  setWeights(weights: Float32Array): void {
    this.#space.view(this.#at.weights, weights.length).set(weights);
    this.#conditioner.transpose(this.architecture.layer);
  }

  get theta(): Float32Array {
    return this.#space.view(this.#theta, this.architecture.shape.numParameters * this.rows * this.atoms);
  }

  get x(): Float32Array {
    return this.#space.view(this.#conditioner.x, this.architecture.shape.numFeatures * this.rows);
  }

  logProb(): Float32Array {
    this.#corrections.clear();
    const { numParameters: d, components } = this.architecture.shape;
    const n = this.rows * this.atoms;
    this.#conditioner.observe(this.architecture.layer, this.#buffers);
    const { raw } = this.#buffers;
    this.#space.call.mixtureForward(n, d, components, raw, this.#theta, this.#logQ, this.#share);
    return this.#space.view(this.#logQ, n);
  }

  /** Components of the mixture of one column, after `logProb`. */
  components(column: number): Component[] {
    const { numParameters: d, components } = this.architecture.shape;
    const { perComponent } = this.architecture;
    const n = this.rows * this.atoms;
    const raw = this.#space.view(this.#buffers.raw, components * perComponent * n);
    const at = (row: number): number => raw[row * n + column] as number;
    const weights = Array.from({ length: components }, (_, k) => at(k * perComponent));
    const top = Math.max(...weights);
    const total = top + Math.log(weights.reduce((sum, w) => sum + Math.exp(w - top), 0));
    return weights.map((weight, k) => {
      const own = k * perComponent + 1;
      let below = own + 2 * d;
      const factor = new Float64Array(d * d);
      for (let i = 0; i < d; i++) {
        factor[i * d + i] = Math.exp(Math.max(-largestLog, Math.min(largestLog, at(own + d + i))));
        for (let j = 0; j < i; j++) factor[i * d + j] = at(below++);
      }
      return { logWeight: weight - total, mean: Float64Array.from({ length: d }, (_, i) => at(own + i)), factor };
    });
  }

  correct(proposals: readonly (ProposalMixture | undefined)[]): void {
    const logQ = this.#space.view(this.#logQ, this.rows * this.atoms);
    this.#corrections.clear();
    proposals.forEach((proposal, column) => {
      if (proposal === undefined) return;
      const components = this.components(column);
      const { logZ, moments } = normaliser(components, proposal);
      logQ[column] = (logQ[column] as number) - logZ;
      this.#corrections.set(column, { components, moments });
    });
  }

  /** Take the gradient of log Z off the raw gradients. */
  #correctBackward(columnWeights: Float32Array): void {
    const { numParameters: d, components: count } = this.architecture.shape;
    const { perComponent } = this.architecture;
    const n = this.rows * this.atoms;
    const gRaw = this.#space.view(this.#gRaw, count * perComponent * n);
    for (const [column, { components, moments }] of this.#corrections) {
      const outer = columnWeights[column] as number;
      const subtract = (row: number, gradient: number): void => {
        gRaw[row * n + column] = (gRaw[row * n + column] as number) - outer * gradient;
      };
      components.forEach(({ logWeight, factor }, k) => {
        const { share, first, second } = moments[k] as ComponentMoments;
        const own = k * perComponent + 1;
        subtract(own - 1, share - Math.exp(logWeight));
        const precision = precisionOf(factor, d);
        let below = own + 2 * d;
        for (let i = 0; i < d; i++) {
          let pull = 0;
          for (let j = 0; j < d; j++) pull += (precision[i * d + j] as number) * (first[j] as number);
          subtract(own + i, pull);
          // Row i of L times the second moment.
          const turned = (j: number): number => {
            let sum = 0;
            for (let a = 0; a <= i; a++) sum += (factor[i * d + a] as number) * (second[a * d + j] as number);
            return sum;
          };
          const diagonal = factor[i * d + i] as number;
          if (Math.abs(Math.log(diagonal)) < largestLog) subtract(own + d + i, share - diagonal * turned(i));
          for (let j = 0; j < i; j++) subtract(below++, -turned(j));
        }
      });
    }
    this.#corrections.clear();
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
    const { numParameters: d, components } = this.architecture.shape;
    const n = this.rows * this.atoms;
    this.#space.view(this.#g, n).set(columnWeights);
    const { raw } = this.#buffers;
    this.#space.call.mixtureBackward(n, d, components, raw, this.#theta, this.#share, this.#g, this.#gRaw);
    this.#correctBackward(columnWeights);
    this.#conditioner.beginBackward();
    this.#conditioner.backward(this.architecture.layer, this.#buffers, this.#gRaw, this.#theta);
  }

  inverse(noise: Float32Array): Float32Array {
    const { numParameters: d, components } = this.architecture.shape;
    const { perComponent, layer } = this.architecture;
    const n = this.rows * this.atoms;
    this.#conditioner.observe(layer, this.#buffers);
    const raw = this.#space.view(this.#buffers.raw, components * perComponent * n);
    const theta = this.theta;
    for (let c = 0; c < n; c++) {
      const at = (row: number): number => raw[row * n + c] as number;
      const own = choose(components, (k) => at(k * perComponent), normalCdf(noise[d * n + c] as number)) * perComponent;
      // L (z - m) = noise, solved from the top.
      let below = own + 1 + 2 * d;
      const delta: number[] = [];
      for (let i = 0; i < d; i++) {
        let rest = noise[i * n + c] as number;
        for (let j = 0; j < i; j++) rest -= at(below++) * (delta[j] as number);
        delta[i] = rest * Math.exp(-Math.max(-largestLog, Math.min(largestLog, at(own + 1 + d + i))));
        theta[i * n + c] = at(own + 1 + i) + (delta[i] as number);
      }
    }
    return theta;
  }
}

/** Index drawn with probabilities proportional to exp(raw), by one uniform value. */
function choose(count: number, raw: (k: number) => number, uniform: number): number {
  const values = Array.from({ length: count }, (_, k) => raw(k));
  const top = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - top));
  let rest = uniform * powers.reduce((a, b) => a + b, 0);
  const found = powers.findIndex((p) => {
    rest -= p;
    return rest < 0;
  });
  return found < 0 ? count - 1 : found;
}
