/**
 * Measurements of all neurons at once, each from a cold start, so that none depends on the one before: potentials, time
 * constants, thresholds, rates. Shape (512) throughout. Whatever is broken is in the numbers; `chip-card.ts` finds it.
 */
import {
  CommonNeuronBackendConfig,
  fpgaCyclesPerUs,
  NeuronBackendBlockOnDls,
  readCadcRow,
  type Session,
} from "../../device/interface/index.js";
import {
  type ArraySetting,
  cadcVolts,
  countSpikesOfAll,
  readMembranes,
  type SpikeCounts,
  setUpAll,
} from "./all-neurons.js";

type Codes = ArraySetting["codes"];

/** Where the membranes rest, V. */
export async function measureLeak(session: Session, codes: Codes, signal?: AbortSignal): Promise<number[]> {
  await setUpAll(session, { codes }, signal);
  return await readMembranes(session);
}

/** Where the reset holds the membranes, V. */
export async function measureReset(session: Session, codes: Codes, signal?: AbortSignal): Promise<number[]> {
  await setUpAll(session, { codes, held: true }, signal);
  return await readMembranes(session);
}

/**
 * Membrane time constants, us: let go from the reset, and look after `afterUs` how far the membranes have come.
 * NaN where the three potentials make no decay. Best when `afterUs` is about one time constant.
 * @param leak as measured at these codes, V
 */
export async function measureTau(
  session: Session,
  { codes, leak, afterUs }: { readonly codes: Codes; readonly leak: readonly number[]; readonly afterUs: number },
  signal?: AbortSignal,
): Promise<{ readonly reset: number[]; readonly tauUs: number[] }> {
  const reset = await measureReset(session, codes, signal);
  const builder = session.program().resetTimer();
  const start = builder.tick();
  for (let block = 0; block < NeuronBackendBlockOnDls.size; block++)
    builder.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(block), {
      clockScaleSlow: 3,
      clockScaleFast: 3,
    });
  builder.waitUntil(afterUs * fpgaCyclesPerUs);
  const rows = [readCadcRow(builder, 0), readCadcRow(builder, 1)];
  await session.run(builder.build());
  const tauUs = rows.flatMap((row, half) => {
    const elapsed = (row.fpgaTime() - start.fpgaTime()) / fpgaCyclesPerUs;
    return [...row.get().causal].map((count, column) => {
      const neuron = 256 * half + column;
      const [rest, from] = [leak[neuron] ?? Number.NaN, reset[neuron] ?? Number.NaN];
      const tau = -elapsed / Math.log((rest - cadcVolts(count)) / (rest - from));
      return Number.isFinite(tau) && tau > 0 ? tau : Number.NaN;
    });
  });
  return { reset, tauUs };
}

/**
 * Threshold codes between which each neuron begins to fire by its leak alone: the middle of the two, NaN where it fires
 * at none. @param thresholds falling codes, evenly spaced
 */
export async function measureFiringOnset(
  session: Session,
  {
    codes,
    thresholds,
    windowUs,
  }: { readonly codes: Codes; readonly thresholds: readonly number[]; readonly windowUs: number },
  onStep: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<number[]> {
  const step = (thresholds[0] ?? 0) - (thresholds[1] ?? 0);
  const onset: number[] = [];
  for (const [k, v_threshold] of thresholds.entries()) {
    const { counts } = await measureRate(session, { ...codes, v_threshold }, windowUs, signal);
    counts.forEach((count, n) => {
      if (Number.isNaN(onset[n] ?? Number.NaN)) onset[n] = count > 0 ? v_threshold + step / 2 : Number.NaN;
    });
    onStep(k + 1);
  }
  return onset;
}

/** Spikes that the leak alone drives. */
export async function measureRate(
  session: Session,
  codes: Codes,
  windowUs: number,
  signal?: AbortSignal,
): Promise<SpikeCounts> {
  await setUpAll(session, { codes, fires: true }, signal);
  return await countSpikesOfAll(session, windowUs);
}
