/**
 * A chip's identity card: how its 512 neurons spread, which of them are broken, how codes become potentials and rates.
 * Everything is measured through the device.
 */
import type { Session } from "../../device/interface/index.js";
import { cadcStepVolts, cellSlopeVolts, largestCount, numNeurons } from "./all-neurons.js";
import { type FIPoint, measureFICurve } from "./f-i-curve.js";
import { measureFiringOnset, measureLeak, measureRate, measureReset, measureTau } from "./measure-array.js";

/** One quantity over the neurons that have it. */
export interface Spread {
  readonly name: string;
  readonly unit: string;
  readonly digits: number;
  /** Measured values of the neurons that work, in their order. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

/** A code against what it makes, for all neurons: values[k][neuron] at codes[k]. */
export interface TransferCurve {
  readonly cell: string;
  readonly name: string;
  readonly unit: string;
  readonly codes: readonly number[];
  readonly values: readonly (readonly number[])[];
}

export interface ChipCard {
  readonly spreads: readonly Spread[];
  readonly broken: {
    /** The readout shows the lower end of the converter's range whatever the leak. */
    readonly mute: readonly number[];
    /** The membrane does not follow the leak. */
    readonly stuck: readonly number[];
    /** No spike with the leak far above the threshold. */
    readonly silent: readonly number[];
  };
  readonly transfers: readonly TransferCurve[];
  readonly fiCurve: { readonly neuron: number; readonly points: readonly FIPoint[] };
}

/** Called as the work goes on. */
export type CardProgress = (label: string, done: number, total: number) => void;

const base = { v_leak: 560, v_reset: 400, i_bias_leak: 300, i_bias_reset: 1022, v_threshold: 900 };
const driven = { v_leak: 650, v_threshold: 350 };
const onset = { highest: 460, step: 12, count: 15, windowUs: 40 };
const potentialCodes = [200, 300, 400, 500, 600, 700, 800];
const leakBiases = [100, 200, 300, 450, 700, 1000];
const drives = [560, 600, 650, 700, 750];
const stepCodes = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
const rateWindowUs = 200;
/** About a time constant at code 300. */
const tauAfterUs = 8;
/** Below it a readout is at the converter's lower end, V. */
const muteBelow = 0.1;
/** A membrane that follows moves by 188 mV per 100 codes. */
const followsAbove = 0.09;

function spreadOf(
  name: string,
  unit: string,
  digits: number,
  all: readonly number[],
  works: (n: number) => boolean,
): Spread {
  const values = all.filter((value, n) => works(n) && Number.isFinite(value));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return { name, unit, digits, values, mean, sd, min: Math.min(...values), max: Math.max(...values) };
}

/** @param neuron whose f-I curve is measured, 0..511 @throws what the session's `run` throws, signal.reason */
export async function measureChipCard(
  session: Session,
  { neuron, progress = () => {}, signal }: { neuron: number; progress?: CardProgress; signal?: AbortSignal },
): Promise<ChipCard> {
  const total = 4 + onset.count + 2 * potentialCodes.length + 2 * leakBiases.length + drives.length + stepCodes.length;
  let done = 0;
  const step = (label: string): void => progress(label, ++done, total);
  const thresholds = Array.from({ length: onset.count }, (_, k) => onset.highest - onset.step * k);

  const leak = await measureLeak(session, base, signal);
  step("leak potentials");
  const lower = await measureLeak(session, { ...base, v_leak: base.v_leak - 100 }, signal);
  step("leak potentials");
  const { reset, tauUs } = await measureTau(session, { codes: base, leak, afterUs: tauAfterUs }, signal);
  step("resets and time constants");
  const onsets = await measureFiringOnset(
    session,
    { codes: base, thresholds, windowUs: onset.windowUs },
    () => step("thresholds"),
    signal,
  );
  const { counts, windowUs } = await measureRate(session, { ...base, ...driven }, rateWindowUs, signal);
  step("rates");

  const all = Array.from({ length: numNeurons }, (_, n) => n);
  const at = (values: readonly number[], n: number): number => values[n] ?? Number.NaN;
  const mute = all.filter((n) => at(leak, n) < muteBelow && at(lower, n) < muteBelow);
  const stuck = all.filter((n) => !mute.includes(n) && at(leak, n) - at(lower, n) < followsAbove);
  const silent = all.filter((n) => !stuck.includes(n) && at(counts, n) === 0);
  const bad = new Set([...mute, ...stuck, ...silent]);
  const works = (n: number): boolean => !bad.has(n);
  const mV = (volts: readonly number[]): number[] => volts.map((value) => 1000 * value);
  // What the CADC would show at the middle of the thresholds swept, were the leak there.
  const middle = onset.highest - (onset.step * (onset.count - 1)) / 2;
  const threshold = leak.map((volts, n) => volts + cellSlopeVolts * (middle - at(onsets, n)));
  const rates = counts.map((count) => (count >= largestCount ? Number.NaN : (1000 * count) / windowUs));
  const spreads = [
    spreadOf(`leak potential at v_leak = ${base.v_leak}`, "mV", 1, mV(leak), works),
    spreadOf(`reset potential at v_reset = ${base.v_reset}`, "mV", 1, mV(reset), works),
    spreadOf(`threshold at v_threshold = ${middle}`, "mV", 1, mV(threshold), works),
    spreadOf(`membrane time constant at i_bias_leak = ${base.i_bias_leak}`, "us", 2, tauUs, works),
    spreadOf(`rate at v_leak = ${driven.v_leak}, v_threshold = ${driven.v_threshold}`, "kHz", 1, rates, works),
  ];

  const curve = async (
    [cell, name, unit]: readonly [string, string, string],
    codes: readonly number[],
    measure: (code: number) => Promise<readonly number[]>,
  ): Promise<TransferCurve> => {
    const values: (readonly number[])[] = [];
    for (const code of codes) {
      values.push(await measure(code));
      step(`transfer of ${cell}`);
    }
    return { cell, name, unit, codes, values };
  };
  const transfers = [
    await curve(["v_leak", "leak potential", "V"], potentialCodes, (v_leak) =>
      measureLeak(session, { ...base, v_leak }, signal),
    ),
    await curve(["v_reset", "reset potential", "V"], potentialCodes, (v_reset) =>
      measureReset(session, { ...base, v_reset }, signal),
    ),
    await curve(["i_bias_leak", "membrane time constant", "us"], leakBiases, async (i_bias_leak) => {
      const codes = { ...base, i_bias_leak };
      const rest = await measureLeak(session, codes, signal);
      step("transfer of i_bias_leak");
      // The time constant falls as the code rises: look at about the same share of the way.
      const afterUs = Math.max(2, Math.round((tauAfterUs * base.i_bias_leak) / i_bias_leak));
      const { reset: from, tauUs: tau } = await measureTau(session, { codes, leak: rest, afterUs }, signal);
      return tau.map((value, n) => (Math.abs(at(rest, n) - at(from, n)) > 20 * cadcStepVolts ? value : Number.NaN));
    }),
    await curve(["v_leak", `rate at v_threshold = ${driven.v_threshold}`, "kHz"], drives, async (v_leak) => {
      const rate = await measureRate(session, { ...base, ...driven, v_leak }, rateWindowUs, signal);
      return rate.counts.map((count) => (count >= largestCount ? Number.NaN : (1000 * count) / rate.windowUs));
    }),
  ];
  const points = await measureFICurve(session, neuron, stepCodes, () => step("f-I curve"), signal);
  return { spreads, broken: { mute, stuck, silent }, transfers, fiCurve: { neuron, points } };
}
