/**
 * One neuron on a device: set up from cold at given codes and switches, acted on at given times, seen through the MADC
 * and its spikes. Everything goes through the device interface.
 */
import { type NeuronSetting, writeCodes } from "../../src/calib/codes.js";
import {
  AtomicNeuronOnDls,
  fpgaCyclesPerUs,
  MadcConfig,
  MadcControl,
  madcChipTimes,
  type NeuronBackendConfig,
  NeuronConfig,
  type PlaybackProgramBuilder,
  ReadoutSourceSelection,
  type Session,
  theChip,
} from "../../src/device/interface/index.js";

type Switches = Partial<ReturnType<typeof NeuronConfig.decode>>;
type Codes = NeuronSetting["codes"];

export interface BenchSetting {
  readonly codes?: Codes;
  readonly switches?: Switches;
  readonly backend?: Partial<ReturnType<typeof NeuronBackendConfig.decode>>;
  readonly common?: Parameters<typeof writeCodes>[1]["commonBackend"];
  readonly madc?: Partial<ReturnType<typeof MadcConfig.decode>>;
  /** Other neurons, set up alike but for what is said here, and not read out. */
  readonly others?: readonly { readonly neuron: number; readonly codes?: Codes; readonly switches?: Switches }[];
  /** What is done at a time after the begin, us, in order. */
  readonly actions?: readonly (readonly [us: number, act: (builder: PlaybackProgramBuilder) => unknown])[];
  readonly untilUs: number;
}

/** A leaky membrane at rest far below threshold. */
export const quietCodes = {
  ...{ v_leak: 505, v_reset: 300, v_threshold: 1000, v_exp: 1000, v_adapt_leak: 309, v_adapt_ref: 300 },
  ...{ i_bias_leak: 300, i_bias_reset: 1022, i_bias_adapt_tau: 300, i_bias_adapt_a: 0, i_bias_adapt_b: 0 },
  ...{ i_bias_exp: 300, i_mem_offset: 200 },
};
const quietSwitches: Switches = {
  enableResetMultiplication: true,
  membraneCapacitorSize: 63,
  enableFire: true,
  enableThresholdComparator: true,
  enableReadoutAmplifier: true,
};
const shared = {
  ...{ neuron_i_bias_readout_amp: 110, neuron_i_bias_leak_source_follower: 100, neuron_i_bias_spike_comparator: 200 },
  ...{ readout_ac_mux_i_bias: 500, readout_madc_in_500na: 500 },
};
const backendDefaults = { refractoryTime: 30, resetHoldoff: 15, enableAdaptationPulse: true, enableSpikeOut: true };
const settleUs = 40_000;
const warmUpUs = 10;

export interface BenchRecording {
  /** Nominal voltage of the readout, V, at a time after the begin: mean of the samples within 0.1 us. */
  readonly at: (us: number) => number;
  /** Counts of the MADC and their times after the begin, us. */
  readonly counts: readonly number[];
  readonly timesUs: readonly number[];
  readonly spikesUs: readonly number[];
}

/** Write a neuron's switches as it has them, with changes: an action. */
export const switching =
  (neuron: number, setting: BenchSetting, changes: Switches) =>
  (builder: PlaybackProgramBuilder): unknown =>
    builder.write(NeuronConfig, AtomicNeuronOnDls.at(neuron), {
      ...quietSwitches,
      enableReadout: true,
      ...setting.switches,
      ...changes,
    });

/** @param neuron an even one of the top half */
export async function observe(session: Session, neuron: number, setting: BenchSetting): Promise<BenchRecording> {
  const { codes, switches, backend, common, madc, others = [], actions = [], untilUs } = setting;
  await session.reinit();
  const builder = session.program();
  const settings = [{ neuron, codes, switches: { enableReadout: true, ...switches } }, ...others];
  writeCodes(builder, {
    sharedCodes: shared,
    commonBackend: { clockScaleSlow: 3, clockScaleFast: 3, clockScaleAdaptationPulse: 7, ...common },
    neurons: settings.map((one) => ({
      neuron: one.neuron,
      codes: { ...quietCodes, ...one.codes },
      switches: { ...quietSwitches, ...one.switches },
      backend: { ...backendDefaults, enableSpikeOut: false, ...backend },
    })),
  });
  builder
    .write(ReadoutSourceSelection, theChip, { neuronEvenTop0: true })
    .write(MadcConfig, theChip, { numberOfSamples: 65_535, ...madc })
    .write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true })
    .barrier("omnibus")
    .resetTimer();
  const until = (us: number): unknown => builder.waitUntil(Math.round(us * fpgaCyclesPerUs));
  for (let us = 5000; us <= settleUs; us += 5000) until(us);
  writeCodes(builder, {
    sharedCodes: {},
    commonBackend: { clockScaleSlow: 3, clockScaleFast: 3, clockScaleAdaptationPulse: 7, ...common },
    neurons: [
      {
        neuron,
        codes: {},
        switches: { ...quietSwitches, enableReadout: true, ...switches },
        backend: { ...backendDefaults, ...backend },
      },
    ],
  });
  builder.resetTimer().write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
  until(1);
  builder.write(MadcControl, theChip, { enablePreAmplifier: true });
  until(warmUpUs);
  const begin = builder.tick();
  for (const [us, act] of actions) {
    until(warmUpUs + us);
    act(builder);
  }
  until(warmUpUs + untilUs);
  builder.write(MadcControl, theChip, { stopRecording: true, enablePreAmplifier: true });
  until(warmUpUs + untilUs + 10);
  const { madc: samples, spikes } = await session.run(builder.barrier("omnibus").build());
  const zero = begin.fpgaTime() / fpgaCyclesPerUs;
  const times = Array.from(madcChipTimes(samples), (time) => time / 250 - zero);
  return {
    counts: Array.from(samples.value),
    timesUs: times,
    at: (us) => {
      const near = times.flatMap((t, k) => (Math.abs(t - us) <= 0.1 ? [(samples.value[k] as number) * 1.2e-3] : []));
      return near.reduce((sum, volts) => sum + volts, 0) / near.length;
    },
    spikesUs: Array.from(spikes.chipTime, (time) => time / 250 - zero).filter((t) => t >= 0),
  };
}
