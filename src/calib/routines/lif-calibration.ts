/**
 * The direct calibration of a chip's 512 leaky integrate-and-fire neurons, all at once: leak and reset potential, membrane
 * time constant, threshold, each by a dithered binary search; converters first, on a common scale. A neuron that does not
 * reach a target is marked and stands aside; nothing stops. Potentials are those that the neuron's readout shows.
 *
 * Method: calix (binary search over all neurons in parallel, success mask). Refractory time is not measured: it follows
 * from the backend's clock.
 */
import type { Clock } from "../../base/clock.js";
import { elapsedMs } from "../../base/clock.js";
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import {
  CommonNeuronBackendConfig,
  type DeviceIdentity,
  fpgaCyclesPerUs,
  NeuronBackendBlockOnDls,
  readCadcRow,
  type Session,
} from "../../device/interface/index.js";
import { median } from "../diagnostics/predictive.js";
import { cellSlopeVolts, countSpikesOfAll, numNeurons, setUpAll } from "./all-neurons.js";
import { type ConverterLines, measureConverterLines, readCounts, voltsOf } from "./converter-lines.js";
import { DitheredSearch } from "./dithered-search.js";

export interface LifTargets {
  /** V, as the readout shows them. */
  readonly leak: number;
  readonly reset: number;
  readonly threshold: number;
  /** Membrane time constant, us. */
  readonly tauUs: number;
  readonly refractoryUs: number;
}

export const defaultLifTargets: LifTargets = { leak: 0.65, reset: 0.5, threshold: 0.78, tauUs: 10, refractoryUs: 2 };

/** Legal targets, both ends included. */
export const lifLimits = {
  leak: [0.3, 0.9],
  reset: [0.2, 0.85],
  threshold: [0.4, 0.95],
  tauUs: [4, 60],
  refractoryUs: [0.1, 16],
} as const;

/** Cells that are calibrated. */
export const lifCells = ["v_leak", "v_reset", "v_threshold", "i_bias_leak"] as const;
export type LifCell = (typeof lifCells)[number];

export interface LifNeuron {
  readonly neuron: number;
  /** Whether every quantity came within its tolerance. */
  readonly success: boolean;
  /** What did not. */
  readonly missed: readonly string[];
  readonly codes: Readonly<Record<LifCell, number>>;
  /** With these codes: V, V, us. */
  readonly measured: { readonly leak: number; readonly reset: number; readonly tauUs: number };
}

/** One quantity over the neurons that succeeded, before (all at the same codes) and after. */
export interface LifSpread {
  readonly name: string;
  readonly unit: string;
  readonly before: { readonly mean: number; readonly sd: number };
  readonly after: { readonly mean: number; readonly sd: number };
  /** Shape (neurons that succeeded): for a figure. */
  readonly valuesBefore: readonly number[];
  readonly valuesAfter: readonly number[];
}

export interface LifResult {
  readonly schema: "hxloop.lif/1";
  readonly device: DeviceIdentity;
  readonly targets: LifTargets;
  readonly neurons: readonly LifNeuron[];
  /** Median code of each cell over the neurons that succeeded. */
  readonly medians: Readonly<Record<LifCell, number>>;
  readonly spreads: readonly LifSpread[];
  /** Refractory counter, ticks of the backend's clock of 250 MHz / 2^4. */
  readonly refractoryTicks: number;
  readonly seconds: number;
}

/** Codes before anything is known, and how the searches go on from there. */
const start = { v_leak: 540, v_reset: 450, v_threshold: 400, i_bias_leak: 270 } as const;
const fixedCodes = { i_bias_reset: 1022, v_threshold: 900 } as const;
const voltage = { firstStep: 64, min: 0, max: 1022 } as const;
const converterLevels = [440, 540] as const;
/** Within these a neuron succeeds. */
const tolerance = { potential: 0.015, tauShare: 0.15 } as const;
const releases = 4;
const heldUs = 60;
const rateWindowUs = 200;
const tickUs = 0.064;

export interface LifOptions {
  readonly targets?: LifTargets;
  readonly seed?: number;
  readonly clock: Clock;
  readonly onStep?: (label: string, done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** @throws FieldOutOfRange, what the session's `run` throws, signal.reason */
export async function calibrateLif(session: Session, options: LifOptions): Promise<LifResult> {
  const { targets = defaultLifTargets, seed = 1, clock, onStep, signal } = options;
  checkTargets(targets);
  const from = clock.now();
  const rng = Rng.fromSeed(seed).fork("lif");
  const steps = Math.log2(voltage.firstStep) + 1;
  const total = 2 + 1 + (steps + 1) + 1 + (steps + 1);
  let done = 0;
  const step = (label: string): void => onStep?.(label, ++done, total);
  const lines = await measureConverterLines(
    session,
    { ...start, ...fixedCodes },
    converterLevels,
    () => step("converters"),
    signal,
  );
  const shared = (code: Partial<Record<LifCell, number>>) =>
    Array.from({ length: numNeurons }, () => ({ ...start, ...fixedCodes, ...code }));
  const before = await measurePassive(session, shared({}), lines, targets.tauUs, signal);
  step("before");

  const leak = new DitheredSearch(numNeurons, { ...voltage, start: start.v_leak }, rng.fork("leak"));
  const reset = new DitheredSearch(numNeurons, { ...voltage, start: start.v_reset }, rng.fork("reset"));
  const bias = new DitheredSearch(
    numNeurons,
    { start: start.i_bias_leak, firstStep: 128, min: 10, max: 1022 },
    rng.fork("tau"),
  );
  const passiveCodes = () =>
    Array.from({ length: numNeurons }, (_, n) => ({
      ...fixedCodes,
      v_leak: leak.codes[n] as number,
      v_reset: reset.codes[n] as number,
      i_bias_leak: bias.codes[n] as number,
    }));
  while (!bias.isDone) {
    const now = await measurePassive(session, passiveCodes(), lines, targets.tauUs, signal);
    if (!leak.isDone) leak.step((n) => (now.leak[n] as number) < targets.leak);
    if (!reset.isDone) reset.step((n) => (now.reset[n] as number) < targets.reset);
    bias.step((n) => (Number.isFinite(now.tauUs[n]) ? (now.tauUs[n] as number) > targets.tauUs : undefined));
    step("leak, reset and time constants");
  }
  const after = await measurePassive(session, passiveCodes(), lines, targets.tauUs, signal);
  step("check");

  const threshold = new DitheredSearch(
    numNeurons,
    { ...voltage, firstStep: 128, start: start.v_threshold },
    rng.fork("threshold"),
  );
  // The leak alone drives the membrane to where the threshold shall be.
  const lift = Math.round((targets.threshold - targets.leak) / cellSlopeVolts);
  const driven = () =>
    passiveCodes().map((codes, n) => ({
      ...codes,
      v_leak: Math.min(1022, codes.v_leak + lift),
      v_threshold: threshold.codes[n] as number,
    }));
  let fired: readonly number[] = [];
  while (!threshold.isDone) {
    await setUpAll(session, { codes: start, own: driven(), fires: true }, signal);
    fired = (await countSpikesOfAll(session, rateWindowUs)).counts;
    threshold.step((n) => (fired[n] as number) > 0);
    step("thresholds");
  }
  const neurons = Array.from({ length: numNeurons }, (_, neuron): LifNeuron => {
    const measured = {
      leak: after.leak[neuron] as number,
      reset: after.reset[neuron] as number,
      tauUs: after.tauUs[neuron] as number,
    };
    const codes = { ...(driven()[neuron] as Record<LifCell, number>), v_leak: leak.codes[neuron] as number };
    const missed = missedBy(measured, targets, threshold.codes[neuron] as number);
    return { neuron, success: missed.length === 0, missed, codes: pickCodes(codes), measured };
  });
  const good = neurons.filter(({ success }) => success);
  const mediansOf = Object.fromEntries(lifCells.map((cell) => [cell, median(good.map(({ codes }) => codes[cell]))]));
  return {
    schema: "hxloop.lif/1",
    device: session.identity,
    targets,
    neurons,
    medians: mediansOf as Record<LifCell, number>,
    spreads: spreadsOf(good, before),
    refractoryTicks: Math.round(targets.refractoryUs / tickUs),
    seconds: elapsedMs(from, clock.now()) / 1000,
  };
}

function checkTargets(targets: LifTargets): void {
  for (const [name, [min, max]] of Object.entries(lifLimits) as [keyof LifTargets, readonly [number, number]][]) {
    const value = targets[name];
    if (!(value >= min && value <= max)) throw new FieldOutOfRange(`LIF target ${name}`, value, `${min}..${max}`);
  }
  if (targets.reset >= targets.leak) throw new FieldOutOfRange("LIF target reset", targets.reset, "below the leak");
  if (targets.threshold <= targets.leak)
    throw new FieldOutOfRange("LIF target threshold", targets.threshold, "above the leak");
}

interface Passive {
  readonly leak: Float64Array;
  readonly reset: Float64Array;
  readonly tauUs: Float64Array;
}

/** Rest, reset, and the way from one to the other, from one cold start. */
async function measurePassive(
  session: Session,
  own: NonNullable<Parameters<typeof setUpAll>[1]["own"]>,
  lines: ConverterLines,
  tauUs: number,
  signal: AbortSignal | undefined,
): Promise<Passive> {
  await setUpAll(session, { codes: start, own }, signal);
  const leak = voltsOf(lines, await readCounts(session, signal));
  const hold = (builder: ReturnType<Session["program"]>, forceReset: boolean): void => {
    const clocks = { clockScaleSlow: 3, clockScaleFast: 3, forceReset };
    for (let block = 0; block < NeuronBackendBlockOnDls.size; block++) {
      builder.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(block), clocks);
    }
  };
  const holding = session.program();
  hold(holding, true);
  holding.resetTimer().waitUntil(heldUs * fpgaCyclesPerUs);
  await session.run(holding.build(), signal === undefined ? {} : { signal });
  const reset = voltsOf(lines, await readCounts(session, signal));
  const builder = session.program();
  const half = numNeurons / 2;
  const looks = ([0, 1] as const).flatMap((row) =>
    Array.from({ length: releases }, () => {
      hold(builder, true);
      builder.resetTimer().waitUntil(heldUs * fpgaCyclesPerUs);
      hold(builder, false);
      const released = builder.resetTimer().tick();
      builder.waitUntil(Math.round(tauUs * fpgaCyclesPerUs));
      return { row, released, read: readCadcRow(builder, row) };
    }),
  );
  hold(builder, false);
  await session.run(builder.build(), signal === undefined ? {} : { signal });
  const counts = new Float64Array(numNeurons);
  const elapsed = [0, 0];
  for (const { row, released, read } of looks) {
    elapsed[row] = (elapsed[row] as number) + (read.fpgaTime() - released.fpgaTime()) / fpgaCyclesPerUs / releases;
    for (const [column, count] of read.get().causal.entries()) {
      const n = row * half + column;
      counts[n] = (counts[n] as number) + count / releases;
    }
  }
  const come = voltsOf(lines, counts);
  const tau = leak.map((rest, n) => {
    const way = (rest - (come[n] as number)) / (rest - (reset[n] as number));
    const value = -(elapsed[Math.floor(n / half)] as number) / Math.log(way);
    return Number.isFinite(value) && value > 0 ? value : Number.NaN;
  });
  return { leak, reset, tauUs: tau };
}

function missedBy(measured: LifNeuron["measured"], targets: LifTargets, threshold: number): string[] {
  const missed: string[] = [];
  const volts = (v: number): string => `${(1000 * v).toFixed(0)} mV`;
  if (!(Math.abs(measured.leak - targets.leak) <= tolerance.potential)) missed.push(`leak ${volts(measured.leak)}`);
  if (!(Math.abs(measured.reset - targets.reset) <= tolerance.potential)) missed.push(`reset ${volts(measured.reset)}`);
  if (!(Math.abs(measured.tauUs / targets.tauUs - 1) <= tolerance.tauShare)) {
    missed.push(`time constant ${measured.tauUs.toFixed(1)} us`);
  }
  // A search that went to its end on one side never saw the neuron change.
  if (Math.abs(threshold - start.v_threshold) > 240) missed.push("threshold: it fires at all codes or at none");
  return missed;
}

function pickCodes(codes: Readonly<Record<LifCell, number>>): Record<LifCell, number> {
  const { v_leak, v_reset, v_threshold, i_bias_leak } = codes;
  return { v_leak, v_reset, v_threshold, i_bias_leak };
}

function spreadsOf(good: readonly LifNeuron[], before: Passive): LifSpread[] {
  const moments = (values: readonly number[]): { mean: number; sd: number } => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    return { mean, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) };
  };
  const spread = (name: string, unit: string, old: readonly number[], now: readonly number[]): LifSpread => {
    return { name, unit, before: moments(old), after: moments(now), valuesBefore: old, valuesAfter: now };
  };
  const at = (values: Float64Array, scale: number): number[] =>
    good.map(({ neuron }) => scale * (values[neuron] as number));
  return [
    spread(
      "leak potential",
      "mV",
      at(before.leak, 1000),
      good.map(({ measured }) => 1000 * measured.leak),
    ),
    spread(
      "reset potential",
      "mV",
      at(before.reset, 1000),
      good.map(({ measured }) => 1000 * measured.reset),
    ),
    spread(
      "membrane time constant",
      "us",
      at(before.tauUs, 1).filter(Number.isFinite),
      good.map(({ measured }) => measured.tauUs),
    ),
  ];
}
