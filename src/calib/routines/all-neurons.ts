/**
 * All 512 neurons of a chip at once: set them up from cold, look at their membranes with the CADC, count their spikes.
 * What the measuring routines are built of. Volts are those of a nominal converter; its own spread is in them.
 */
import {
  AtomicNeuronOnDls,
  connectCadc,
  fpgaCyclesPerUs,
  type NeuronCapMemRow,
  readCadcRow,
  type Session,
  SpikeCounterRead,
  SpikeCounterReset,
} from "../../device/interface/index.js";
import { type CodeSet, writeCodes } from "../codes.js";

export const numNeurons = AtomicNeuronOnDls.size;
/** Longest single wait, us: the board ends a program whose instruction stalls for 10 ms. */
const longestWaitUs = 5000;
/** The CapMem's settling, us, and as much again for what hangs on it. */
const settleUs = 40_000;
/** Spike counters hold 8 bits. */
export const largestCount = 255;
const neurons = Array.from({ length: numNeurons }, (_, n) => AtomicNeuronOnDls.at(n));

/** A CADC count as volt: 0.15..1.05 V are counts 20..220, the targets of calix's calibration. */
export function cadcVolts(count: number): number {
  return 0.06 + 4.5e-3 * count;
}

/** Smallest step of `cadcVolts`. */
export const cadcStepVolts = 4.5e-3;
/** Slope of a voltage cell, V per code: codes 70 and 550 stand for 0.15 and 1.05 V in calix's CADC calibration. */
export const cellSlopeVolts = 1.88e-3;

export interface ArraySetting {
  /** Codes that all neurons get. */
  readonly codes: Readonly<Partial<Record<NeuronCapMemRow, number>>>;
  /** Codes of single neurons over these, shape (512). */
  readonly own?: readonly Readonly<Partial<Record<NeuronCapMemRow, number>>>[];
  /** Comparator and reset on a spike are on. */
  readonly fires?: boolean;
  /** The reset holds all membranes. */
  readonly held?: boolean;
}

const sharedCodes = {
  neuron_i_bias_readout_amp: 110,
  neuron_i_bias_leak_source_follower: 100,
  neuron_i_bias_spike_comparator: 200,
  // The way to the MADC, which only some routines take.
  readout_ac_mux_i_bias: 500,
  readout_madc_in_500na: 500,
  readout_sc_amp_i_bias: 500,
  readout_sc_amp_v_ref: 400,
} as const;

/** Switches of every neuron: leaky, its amplifier on, its reset fast. */
export const leakySwitches = {
  membraneCapacitorSize: 63,
  enableReadoutAmplifier: true,
  enableResetMultiplication: true,
} as const;

function codeSetOf({ codes, own, fires = false, held = false }: ArraySetting): CodeSet {
  const switches = { ...leakySwitches, enableFire: fires, enableThresholdComparator: fires };
  return {
    sharedCodes,
    commonBackend: { clockScaleSlow: 3, clockScaleFast: 3, forceReset: held },
    neurons: neurons.map((_, neuron) => {
      return { neuron, codes: { ...codes, ...own?.[neuron] }, switches, backend: { refractoryTime: 30 } };
    }),
  };
}

/** Bring the chip up from cold and set all neurons alike; leaky, without exponential and adaptation. 20 ms and more. */
export async function setUpAll(session: Session, setting: ArraySetting, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  await session.reinit(options);
  const builder = session.program();
  connectCadc(builder);
  writeCodes(builder, codeSetOf(setting));
  builder.barrier("omnibus").resetTimer();
  for (let us = longestWaitUs; us <= settleUs; us += longestWaitUs) builder.waitUntil(us * fpgaCyclesPerUs);
  await session.run(builder.build(), options);
}

/** Membranes of all neurons, V, shape (512). */
export async function readMembranes(session: Session): Promise<number[]> {
  const builder = session.program();
  const rows = [readCadcRow(builder, 0), readCadcRow(builder, 1)];
  await session.run(builder.build());
  return rows.flatMap((row) => [...row.get().causal].map(cadcVolts));
}

export interface SpikeCounts {
  /** Spikes of each neuron, shape (512); 255 also stands for more. */
  readonly counts: readonly number[];
  /** How long each was counted, us: counters are reset and read one after the other. */
  readonly windowUs: number;
}

/** Count the spikes of all neurons. @param us least length of the window, microseconds, up to 5000 */
export async function countSpikesOfAll(session: Session, us: number): Promise<SpikeCounts> {
  const builder = session.program();
  const ticks = [builder.tick()];
  for (const neuron of neurons) builder.write(SpikeCounterReset, neuron, {});
  ticks.push(builder.tick());
  builder.resetTimer().waitUntil(us * fpgaCyclesPerUs);
  ticks.push(builder.tick());
  const tickets = neurons.map((neuron) => builder.read(SpikeCounterRead, neuron));
  ticks.push(builder.tick());
  await session.run(builder.build());
  const [a = 0, b = 0, c = 0, d = 0] = ticks.map((tick) => tick.fpgaTime() / fpgaCyclesPerUs);
  const counts = tickets.map((ticket) => {
    const { count, overflow } = ticket.get();
    return overflow ? largestCount : count;
  });
  return { counts, windowUs: (c - a + d - b) / 2 };
}
