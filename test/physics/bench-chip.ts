/**
 * A chip on the bench: a probe for tests that writes containers straight into the chip and configures one neuron at the
 * working point of docs/chip-model.md. Tests only; neither driver nor calibration has such a door.
 */
import {
  AtomicNeuronOnDls,
  blocksOfSharedCell,
  CapMemBlockOnDls,
  CapMemCell,
  CommonNeuronBackendConfig,
  type ContainerType,
  type Coordinate,
  capMemCellOfNeuron,
  MadcConfig,
  MadcControl,
  NeuronBackendBlockOnDls,
  NeuronBackendConfig,
  type NeuronCapMemRow,
  NeuronConfig,
  ReadoutSourceSelection,
  type SharedCapMemCell,
  sharedCapMemCell,
  theChip,
} from "../../src/protocol/index.js";
import { type Chip, type ChipOptions, createChip } from "../../src/virtual-chip/index.js";

/** Units of 4 ns per microsecond. */
export const us = 250;

export type Codes = Partial<Record<NeuronCapMemRow, number>>;
type NeuronFields = Partial<ReturnType<typeof NeuronConfig.decode>>;

export const workingCodes = {
  v_leak: 530,
  v_reset: 600,
  v_threshold: 590,
  v_exp: 860,
  v_adapt_leak: 330,
  v_adapt_ref: 300,
  i_bias_leak: 140,
  i_bias_reset: 1022,
  i_bias_adapt_tau: 200,
  i_bias_adapt_a: 50,
  i_bias_adapt_b: 400,
  i_bias_exp: 300,
  i_mem_offset: 700,
} as const satisfies Codes;

export const workingConfig: NeuronFields = {
  enableResetMultiplication: true,
  membraneCapacitorSize: 63,
  enableAdaptation: true,
  enableExponential: true,
  enablePauseDuringReset: true,
  enableFire: true,
  enableThresholdComparator: true,
  enableReadoutAmplifier: true,
  enableReadout: true,
};

const sharedCodes: Partial<Record<SharedCapMemCell, number>> = {
  neuron_i_bias_readout_amp: 110,
  neuron_i_bias_leak_source_follower: 100,
  neuron_i_bias_spike_comparator: 200,
  readout_ac_mux_i_bias: 500,
  readout_madc_in_500na: 500,
};

/** The chip's own arrays are good until its next step; tests keep what they have taken, with times from the clock's zero on. */
function keepingEvents(chip: Chip): Chip {
  const takeMadc = chip.takeMadc.bind(chip);
  const takeSpikes = chip.takeSpikes.bind(chip);
  chip.takeMadc = () => {
    const { count, origin, time, value } = takeMadc();
    return { count, origin: 0, time: time.map((t) => origin + t), value: value.slice() };
  };
  chip.takeSpikes = () => {
    const { count, origin, time, label } = takeSpikes();
    return { count, origin: 0, time: time.map((t) => origin + t), label: label.slice() };
  };
  return chip;
}

export class BenchChip {
  readonly chip: Chip;
  now = 0;

  constructor(options: ChipOptions) {
    this.chip = keepingEvents(createChip(options));
  }

  write<C extends string, F extends object>(
    container: ContainerType<C, F>,
    at: Coordinate<C>,
    fields: Partial<F>,
  ): void {
    const words = container.encode(fields);
    const addresses = container.addresses(at);
    for (const i of container.writeOrder) {
      if (!this.chip.write(addresses[i]!, words[i]!, 0xf)) throw new Error(`${container.name} refused`);
    }
  }

  read<C extends string, F extends object>(container: ContainerType<C, F>, at: Coordinate<C>): F {
    return container.decode(container.addresses(at).map((address) => this.chip.read(address)!));
  }

  /** Let a time pass, microseconds. */
  wait(durationUs: number): void {
    this.now += durationUs * us;
    this.chip.advanceTo(this.now);
  }

  writeCodes(neuron: number, codes: Codes): void {
    for (const [name, value] of Object.entries(codes)) {
      const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(neuron), name as NeuronCapMemRow);
      this.write(CapMemCell, cell, { value });
    }
  }

  /** Shared cells, clocks, one neuron and the MADC's routing to it; then 20 ms for the levels to settle. */
  configure(neuron: number, codes: Codes = {}, config: NeuronFields = {}): void {
    for (const [name, value] of Object.entries(sharedCodes) as [SharedCapMemCell, number][])
      for (const block of blocksOfSharedCell(name))
        this.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
    for (const block of [0, 1])
      this.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(block), {
        clockScaleSlow: 3,
        clockScaleFast: 3,
        clockScaleAdaptationPulse: 7,
      });
    this.writeCodes(neuron, { ...workingCodes, ...codes });
    this.writeBackend(neuron, {});
    this.writeConfig(neuron, config);
    const parity = neuron % 2 === 0 ? "Even" : "Odd";
    const half = neuron < 256 ? "Top" : "Bottom";
    this.write(ReadoutSourceSelection, theChip, { [`neuron${parity}${half}0`]: true });
    this.wait(20_000);
  }

  writeConfig(neuron: number, config: NeuronFields): void {
    this.write(NeuronConfig, AtomicNeuronOnDls.at(neuron), { ...workingConfig, ...config });
  }

  writeBackend(neuron: number, fields: Partial<ReturnType<typeof NeuronBackendConfig.decode>>): void {
    this.write(NeuronBackendConfig, AtomicNeuronOnDls.at(neuron), {
      refractoryTime: 30,
      resetHoldoff: 15,
      enableAdaptationPulse: true,
      enableBayesianExtension: false,
      ...fields,
    });
  }

  /** Wake the MADC and start it; returns when it samples. */
  startMadc(numberOfSamples: number, control: Partial<ReturnType<typeof MadcControl.decode>> = {}): void {
    this.write(MadcConfig, theChip, { numberOfSamples });
    this.write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true });
    this.wait(1);
    this.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true, ...control });
    this.wait(0.1);
    this.write(MadcControl, theChip, { enablePreAmplifier: true, ...control, startRecording: false });
  }

  /** The 1 ms protocol of the two-parameter task, after 10 us of MADC start; times relative to its begin. */
  runStepProtocol(neuron: number): { timeUs: number[]; lsb: number[] } {
    this.startMadc(30_000);
    this.wait(10);
    const begin = this.now;
    this.wait(100);
    this.writeConfig(neuron, { enableMembraneOffset: true });
    this.wait(600);
    this.writeConfig(neuron, {});
    this.wait(300);
    const { time, value } = this.chip.takeMadc();
    const kept = [...time.keys()].filter((i) => time[i]! >= begin);
    return { timeUs: kept.map((i) => (time[i]! - begin) / us), lsb: kept.map((i) => value[i]! & 0x3ff) };
  }
}
