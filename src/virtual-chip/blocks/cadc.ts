/**
 * The CADC: a read of a sample word on the trigger path converts all 512 channels of its half at one instant; a read on
 * the buffered path fetches what that conversion left. What a channel sees is decided by the switches of its column.
 */
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CadcChannelConfig,
  CadcChannelOnDls,
  CadcConfig,
  CadcSampleQuad,
  CadcSampleQuadOnDls,
  CapMemBlockOnDls,
  ColumnCorrelationQuad,
  ColumnQuadOnDls,
  HemisphereOnDls,
  type SharedCapMemCell,
  sharedCapMemCell,
  synapseColumn,
} from "../../protocol/index.js";
import type { Registers } from "../registers.js";
import { type CadcBias, type CadcChannels, channelsPerHalf, quadrants } from "./cadc-channels.js";
import type { CapMem } from "./capmem.js";

const columns = 256;
const quads = 64;
const entries = 4;
/** A channel that nothing is joined with hangs about the middle of its range. */
const floatingVolts = 0.6;
const largestSample = 255;

const biasCells = Array.from({ length: quadrants }, (_, block) => {
  const cell = (name: SharedCapMemCell): number => sharedCapMemCell(CapMemBlockOnDls.at(block), name);
  return {
    rampOffset: cell("cadc_v_ramp_offset"),
    rampSlope: cell("cadc_i_ramp_slope"),
    biases: [cell("cadc_v_bias_ramp_buf"), cell("cadc_i_bias_comp"), cell("cadc_i_bias_vreset_buf")],
  };
});

export interface CadcEnvironment {
  readonly registers: Registers;
  readonly capMem: CapMem;
  readonly channels: CadcChannels;
  /** Voltages at the present that neurons' readouts show, V, in the order of the neurons; undefined: amplifier off. */
  readonly readoutVoltages: (neurons: readonly AtomicNeuron[]) => (number | undefined)[];
  /** The present, units of 4 ns. */
  readonly now: () => number;
}

/** What a column's two channels are joined with. */
interface ColumnInputs {
  /** Switches closed from the neuron to the channel, causal and acausal. */
  readonly neuron: readonly [boolean, boolean];
}

export class Cadc {
  readonly #environment: CadcEnvironment;
  /** Samples of the latest conversion of each half; index = 512 * half + 2 * column + type. */
  readonly #samples = new Uint8Array(2 * channelsPerHalf);
  readonly #counts = new Uint8Array(channelsPerHalf);
  readonly #volts = new Float64Array(channelsPerHalf);

  constructor(environment: CadcEnvironment) {
    this.#environment = environment;
    environment.registers.hook(CadcSampleQuad, { onRead: (at) => this.#read(at) });
  }

  reset(): void {
    this.#samples.fill(0);
  }

  #read(at: number): number {
    const [half = 0, type = 0, buffered = 0, , quad = 0] = CadcSampleQuadOnDls.split(CadcSampleQuadOnDls.at(at));
    if (!buffered && this.#isEnabled(half)) this.#convert(half);
    let word = 0;
    for (let entry = 0; entry < entries; entry++) {
      const sample = this.#samples[half * channelsPerHalf + 2 * synapseColumn(quad, entry) + type] as number;
      word = (word << 8) | sample;
    }
    return word >>> 0;
  }

  #isEnabled(half: number): boolean {
    return CadcConfig.decode(this.#environment.registers.words(CadcConfig, HemisphereOnDls.at(half))).enable;
  }

  #convert(half: number): void {
    const { channels, registers, now } = this.#environment;
    const time = now();
    this.#sampleInputs(half);
    channels.convert(
      this.#counts,
      half,
      this.#volts,
      [this.#bias(2 * half, time), this.#bias(2 * half + 1, time)],
      time,
    );
    for (let i = 0; i < channelsPerHalf; i++) {
      const at = CadcChannelOnDls.of(half, i >> 1, i & 1);
      const { offset } = CadcChannelConfig.decode(registers.words(CadcChannelConfig, at));
      const sample = (this.#counts[i] as number) + offset;
      this.#samples[half * channelsPerHalf + i] = Math.max(0, Math.min(sample, largestSample));
    }
  }

  /** The voltage at every channel of a half, V. */
  #sampleInputs(half: number): void {
    this.#volts.fill(floatingVolts);
    const inputs = this.#columnInputs(half);
    const seen = [...inputs.keys()].filter((column) => inputs[column]?.neuron.includes(true));
    const voltages = this.#environment.readoutVoltages(
      seen.map((column) => AtomicNeuronOnDls.at(half * columns + column)),
    );
    seen.forEach((column, i) => {
      const volts = voltages[i];
      if (volts === undefined) return;
      for (const type of [0, 1] as const) if (inputs[column]?.neuron[type]) this.#volts[2 * column + type] = volts;
    });
  }

  /** Switches of every column of a half. */
  #columnInputs(half: number): ColumnInputs[] {
    const inputs: ColumnInputs[] = [];
    for (let quad = 0; quad < quads; quad++) {
      const words = this.#environment.registers.words(ColumnCorrelationQuad, ColumnQuadOnDls.of(half, quad));
      const switches = ColumnCorrelationQuad.decode(words);
      for (const entry of [0, 1, 2, 3] as const) {
        inputs[synapseColumn(quad, entry)] = {
          neuron: [
            switches[`enableInternalCausal${entry}`] && switches[`enableCadcNeuronReadoutCausal${entry}`],
            switches[`enableInternalAcausal${entry}`] && switches[`enableCadcNeuronReadoutAcausal${entry}`],
          ],
        };
      }
    }
    return inputs;
  }

  #bias(block: number, time: number): CadcBias {
    const { capMem } = this.#environment;
    const cells = biasCells[block] as (typeof biasCells)[number];
    return {
      rampOffset: capMem.level(cells.rampOffset, time),
      rampSlope: capMem.level(cells.rampSlope, time),
      weakestBias: Math.min(...cells.biases.map((cell) => capMem.level(cell, time))),
    };
  }
}
