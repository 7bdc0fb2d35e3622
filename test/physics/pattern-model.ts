/** The AdEx model at the eight parameter sets, also with its parameters varied: forward Euler, no chip. */
import { readFileSync } from "node:fs";
import type { Rng } from "../../src/base/rng.js";
import { type FiringPattern, firingPatterns } from "../../src/calib/target/pattern.js";

/** What another program found: test/vectors/README.md. */
export interface KnownPattern {
  readonly spikes: number;
  readonly firstMs: number;
  /** Share of varied neurons that keep their class, 0..1: at 3 % and 0.3 mV, at 10 % and 1 mV. */
  readonly keptAt3: number;
  readonly keptAt10: number;
}
export const knownPatterns = JSON.parse(readFileSync("test/vectors/firing-patterns.json", "utf8")) as Readonly<
  Record<FiringPattern, KnownPattern>
>;

export interface ModelNeuron {
  readonly c: number;
  readonly gL: number;
  readonly eL: number;
  readonly a: number;
  readonly tauW: number;
  readonly b: number;
  readonly vR: number;
  readonly i: number;
  /** mV */
  readonly vT: number;
}

export const nominalNeuron = (name: FiringPattern): ModelNeuron => ({ ...firingPatterns[name], vT: -50 });

/** @param share sd of the logarithm of C, g_L, a, tau_w, b, I @param mV sd of E_L, V_T, V_r */
export function variedNeuron(name: FiringPattern, rng: Rng, share: number, mV: number): ModelNeuron {
  const { c, gL, eL, a, tauW, b, vR, i, vT } = nominalNeuron(name);
  const gain = (): number => Math.exp(share * rng.normal());
  const shift = (): number => mV * rng.normal();
  const gains = { c: c * gain(), gL: gL * gain(), a: a * gain(), tauW: tauW * gain(), b: b * gain(), i: i * gain() };
  return { ...gains, eL: eL + shift(), vT: vT + shift(), vR: vR + shift() };
}

/** Spikes in a step of 600 ms from rest, and the mean of w just before them. */
export function runModel(neuron: ModelNeuron, stepMs = 0.005): { spikesMs: number[]; meanW: number } {
  const { c, gL, eL, a, tauW, b, vR, i, vT } = neuron;
  const spikesMs: number[] = [];
  let [v, w, sum] = [eL, 0, 0];
  const steps = Math.round(600 / stepMs);
  for (let k = 0; k < steps; k++) {
    const dv = (-gL * (v - eL) + 2 * gL * Math.exp((v - vT) / 2) - w + i) / c;
    w += (stepMs * (a * (v - eL) - w)) / tauW;
    v += stepMs * dv;
    if (v < vT + 10) continue;
    spikesMs.push(k * stepMs);
    sum += w;
    v = vR;
    w += b;
  }
  return { spikesMs, meanW: sum / spikesMs.length };
}
