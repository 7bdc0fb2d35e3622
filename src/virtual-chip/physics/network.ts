/**
 * Joined circuits, integrated together: nodes (a membrane, several membranes shorted by switches, or a bare soma line)
 * coupled by the axial conductances between a membrane and a soma line. Every circuit keeps its own leak, reset,
 * exponential, adaptation, synaptic inputs, threshold and noise; the capacitances on a node add up. Method: each node's
 * total conductance and each adaptation by its exact decay, all couplings by the second-order exponential Runge-Kutta
 * rule (ETD2RK), on the same grid as single circuits. Knows no switches and no addresses.
 */
import { type AdexState, type AdexTrace, type CircuitNoise, clamp, decayed } from "./adex.js";
import { powerOfTwo } from "./exponential.js";
import type { AdexParameters } from "./parameters.js";
import { meanDecay, smallestExponent } from "./propagator.js";
import { exponentialCurrentLimit } from "./transfer.js";

/** One circuit of a network. */
export interface NetworkMember {
  readonly parameters: AdexParameters;
  readonly state: AdexState;
  readonly noise: CircuitNoise;
  readonly trace: AdexTrace;
}

/** Which circuits sit on which node. */
export interface NetworkLayout {
  readonly nodeCount: number;
  /** Node of each member's membrane. */
  readonly membrane: readonly number[];
  /** Node of each member's soma line; only of meaning where its axial conductance is switched on. */
  readonly line: readonly number[];
  /** Capacitance of each node beyond that of its membranes, pF. */
  readonly extraCapacitance: readonly number[];
  /** Members that are reset together with a member when it spikes, without a spike of their own. */
  readonly followers: readonly (readonly number[])[];
}

/** Effect over one step of a constant right-hand side (f), and of one that grows to it (q), for dx/dt = -rate x + n. */
interface Decay {
  e: number;
  f: number;
  q: number;
}

/** (1 - e^-x) / x and (e^-x - 1 + x) / x^2, by their series where the difference would lose digits. */
function setDecay(out: Decay, rate: number, h: number): void {
  const x = rate * h;
  out.e = Math.exp(-x);
  out.f = h * (Math.abs(x) < 1e-8 ? 1 : -Math.expm1(-x) / x);
  const series = 1 / 2 - x / 6 + (x * x) / 24 - (x * x * x) / 120;
  out.q = h * (Math.abs(x) < 1e-3 ? series : (Math.expm1(-x) + x) / (x * x));
}

interface Work {
  decay: Decay;
  g: number;
  /** Constant part of the current onto the node and of the adaptation's slope. */
  drive: number;
  wDrive: number;
  isReset: boolean;
  threshold: number;
  onset: number;
  excDecay: number;
  inhDecay: number;
  exc: number;
  inh: number;
  syn: number;
  w1: number;
  nw: number;
}

export class Network {
  readonly layout: NetworkLayout;
  readonly #node: { v: Float64Array; v1: Float64Array; n: Float64Array; n1: Float64Array };
  readonly #capacitance: Float64Array;
  readonly #decay: readonly Decay[];
  readonly #work: readonly Work[];

  constructor(layout: NetworkLayout) {
    const { nodeCount, membrane } = layout;
    this.layout = layout;
    const values = (): Float64Array => new Float64Array(nodeCount);
    this.#node = { v: values(), v1: values(), n: values(), n1: values() };
    this.#capacitance = values();
    this.#decay = Array.from({ length: nodeCount }, () => ({ e: 1, f: 0, q: 0 }));
    this.#work = membrane.map(() => ({
      ...{ decay: { e: 1, f: 0, q: 0 }, g: 0, drive: 0, wDrive: 0, isReset: false, threshold: 0, onset: 0 },
      ...{ excDecay: 0, inhDecay: 0, exc: 0, inh: 0, syn: 0, w1: 0, nw: 0 },
    }));
  }

  /**
   * Integrate `count` steps with constant parameters.
   * @param firstStep number of the first step on the chip's grid @param h length of a step, us
   */
  step(members: readonly NetworkMember[], firstStep: number, count: number, h: number): void {
    const { v } = this.#node;
    this.#gather(members);
    for (const { state, trace } of members) {
      trace.spikeCount = 0;
      state.exponential = Number.NaN;
    }
    for (let i = 0; i < count; ) {
      const end = Math.min(this.#prepare(members, firstStep + i, h), firstStep + count) - firstStep;
      for (let isSpike = false; i < end && !isSpike; i++) {
        this.#advance(members);
        members.forEach(({ state, trace }, k) => {
          state.v = v[this.layout.membrane[k] as number] as number;
          trace.v[i] = state.v;
          trace.w[i] = state.w;
          trace.excitatory[i] = state.excitatory;
          trace.inhibitory[i] = state.inhibitory;
        });
        isSpike = this.#fire(members, firstStep, i);
      }
    }
  }

  /** Potentials of the nodes from those of their members: the mean by capacitance, where switches have just closed. */
  #gather(members: readonly NetworkMember[]): void {
    const { layout } = this;
    const { v } = this.#node;
    this.#capacitance.set(layout.extraCapacitance);
    v.fill(0);
    const sum = new Float64Array(v.length);
    members.forEach(({ parameters, state }, k) => {
      const node = layout.membrane[k] as number;
      this.#capacitance[node] = (this.#capacitance[node] as number) + parameters.capacitance;
      sum[node] = (sum[node] as number) + parameters.capacitance;
      v[node] = (v[node] as number) + parameters.capacitance * state.v;
    });
    for (let node = 0; node < v.length; node++) if (sum[node]) v[node] = (v[node] as number) / (sum[node] as number);
    // A bare line lies at the mean of the membranes that reach it.
    members.forEach((_, k) => {
      const line = layout.line[k] as number;
      if (sum[line]) return;
      const near = members.flatMap(({ parameters, state }, j) =>
        layout.line[j] === line && parameters.axialConductance > 0 ? [state.v] : [],
      );
      if (near.length > 0) v[line] = near.reduce((a, b) => a + b, 0) / near.length;
    });
  }

  /** Everything that stays as it is from a step on. @returns the first step at which something changes */
  #prepare(members: readonly NetworkMember[], step: number, h: number): number {
    let end = Infinity;
    const total = new Float64Array(this.layout.nodeCount);
    members.forEach(({ parameters: p, state, noise }, k) => {
      const work = this.#work[k] as Work;
      let current = p.offsetCurrent;
      let shift = 0;
      if (p.noiseCurrent > 0 || p.onsetNoise > 0) {
        end = Math.min(end, noise.seek(step));
        current += p.noiseCurrent * noise.current;
        shift = p.onsetNoise * noise.onset;
      }
      const isRefractory = step < state.refractoryUntil;
      const isPulse = step < state.pulseUntil;
      work.isReset = step < state.resetUntil;
      if (isRefractory) end = Math.min(end, state.refractoryUntil);
      if (isPulse) end = Math.min(end, state.pulseUntil);
      if (work.isReset) end = Math.min(end, state.resetUntil);
      work.g = work.isReset ? p.resetConductance : p.leakConductance;
      const gm = p.adaptationTransconductance;
      work.drive = work.g * (work.isReset ? p.resetVoltage : p.leakVoltage) + gm * p.adaptationReference + current;
      work.wDrive =
        p.adaptationRate * (p.adaptationReference - p.adaptationCoupling * p.adaptationLeakVoltage) +
        (isPulse ? p.pulseSlope : 0);
      setDecay(work.decay, p.adaptationRate, h);
      work.threshold = isRefractory || !p.fires ? Infinity : p.threshold + shift;
      work.onset = p.exponentialVoltage + shift;
      work.excDecay = Math.exp(-h / p.excitatoryTau);
      work.inhDecay = Math.exp(-h / p.inhibitoryTau);
      const isPaused = work.isReset && p.pauseDuringReset;
      work.exc = isPaused ? 0 : p.excitatoryTransconductance * meanDecay(h, p.excitatoryTau);
      work.inh = isPaused ? 0 : p.inhibitoryTransconductance * meanDecay(h, p.inhibitoryTau);
      const node = this.layout.membrane[k] as number;
      const line = this.layout.line[k] as number;
      total[node] = (total[node] as number) + work.g;
      if (line === node || p.axialConductance === 0) return;
      total[node] = (total[node] as number) + p.axialConductance;
      total[line] = (total[line] as number) + p.axialConductance;
    });
    this.#decay.forEach((decay, node) => {
      setDecay(decay, (total[node] as number) / (this.#capacitance[node] as number), h);
    });
    return end;
  }

  /** One step of all nodes and members. */
  #advance(members: readonly NetworkMember[]): void {
    const { v, v1, n, n1 } = this.#node;
    members.forEach(({ state }, k) => {
      const work = this.#work[k] as Work;
      work.syn = work.exc * state.excitatory + work.inh * state.inhibitory;
      state.excitatory = decayed(state.excitatory, work.excDecay);
      state.inhibitory = decayed(state.inhibitory, work.inhDecay);
    });
    this.#slopes(members, v, n, (k) => (members[k] as NetworkMember).state.w);
    members.forEach(({ parameters: p, state }, k) => {
      const work = this.#work[k] as Work;
      const node = this.layout.membrane[k] as number;
      work.nw = work.wDrive + p.adaptationRate * p.adaptationCoupling * (v[node] as number);
      work.w1 = work.decay.e * state.w + work.decay.f * work.nw;
    });
    this.#decay.forEach(({ e, f }, node) => {
      v1[node] = e * (v[node] as number) + f * (n[node] as number);
    });
    this.#slopes(members, v1, n1, (k) => (this.#work[k] as Work).w1);
    members.forEach(({ parameters: p, state }, k) => {
      const work = this.#work[k] as Work;
      const node = this.layout.membrane[k] as number;
      const nw1 = work.wDrive + p.adaptationRate * p.adaptationCoupling * (v1[node] as number);
      state.w = clamp(work.w1 + work.decay.q * (nw1 - work.nw));
    });
    this.#decay.forEach(({ q }, node) => {
      v[node] = clamp((v1[node] as number) + q * ((n1[node] as number) - (n[node] as number)));
    });
  }

  /** Right-hand side of every node without its own decay, V/us. */
  #slopes(members: readonly NetworkMember[], v: Float64Array, out: Float64Array, w: (k: number) => number): void {
    out.fill(0);
    members.forEach(({ parameters: p }, k) => {
      const work = this.#work[k] as Work;
      const node = this.layout.membrane[k] as number;
      const potential = v[node] as number;
      let current = work.drive + work.syn - p.adaptationTransconductance * w(k);
      const exponent = (potential - work.onset) / p.exponentialSlope;
      if (exponent > smallestExponent && !(work.isReset && p.pauseDuringReset))
        current += Math.min(p.exponentialScale * powerOfTwo(Math.LOG2E * exponent), exponentialCurrentLimit);
      const line = this.layout.line[k] as number;
      if (line !== node && p.axialConductance > 0) {
        current += p.axialConductance * (v[line] as number);
        out[line] = (out[line] as number) + p.axialConductance * potential;
      }
      out[node] = (out[node] as number) + current;
    });
    for (let node = 0; node < out.length; node++)
      out[node] = (out[node] as number) / (this.#capacitance[node] as number);
  }

  #fire(members: readonly NetworkMember[], firstStep: number, i: number): boolean {
    let isSpike = false;
    members.forEach((member, k) => {
      if (member.state.v < (this.#work[k] as Work).threshold) return;
      isSpike = true;
      member.trace.spikeSteps[member.trace.spikeCount++] = i;
      beginSpike(member, firstStep + i);
      for (const follower of this.layout.followers[k] as readonly number[])
        beginSpike(members[follower] as NetworkMember, firstStep + i);
    });
    return isSpike;
  }
}

/** The times after a spike at the end of a step. */
function beginSpike({ state, parameters: p }: NetworkMember, step: number): void {
  state.refractoryUntil = step + p.refractorySteps;
  state.resetUntil = step + 1 + p.resetSteps;
  state.pulseUntil = step + 1 + p.pulseSteps;
}
