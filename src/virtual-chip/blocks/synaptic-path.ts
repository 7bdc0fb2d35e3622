/**
 * From an event on a PADI bus to voltages at the synaptic inputs of neurons: drivers compare the row address, rows have
 * signs, synapses compare the label, and switches join a column with its neuron. Without short-term plasticity and Hagen
 * mode. Numbers and their confidence: docs/chip-model.md, "Synapses".
 */
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CapMemBlockOnDls,
  ColumnCurrentQuad,
  ColumnQuadOnDls,
  CommonPadiBusConfig,
  HemisphereOnDls,
  NeuronConfig,
  PadiEvent,
  SynapseBiasSelection,
  SynapseDriverConfig,
  SynapseDriverOnDls,
  sharedCapMemCell,
  synapseColumn,
  theChip,
} from "../../protocol/index.js";
import type { SynapticInput } from "../physics/adex.js";
import type { Registers } from "../registers.js";
import type { CapMem } from "./capmem.js";
import type { SynapseArray, SynapseTarget } from "./synapse-array.js";

const buses = [0, 1, 2, 3] as const;
const quadrants = [0, 1, 2, 3] as const;
const entries = [0, 1, 2, 3] as const;
const driversPerBus = 32;
const columns = 256;
const quads = 64;
const labelBits = 6;
const labelMask = 0x3f;
const rowSelectMask = 0x1f;
/** Row modes that carry a sign. */
const isExcitatory = (mode: number): boolean => (mode & 1) !== 0;
const isInhibitory = (mode: number): boolean => (mode & 2) !== 0;

/** Step of the input's voltage by a full weight at the nominal code of `syn_i_bias_dac`, V. */
const fullWeightStep = 0.06;
const fullWeight = 63;
const nominalDacCode = 600;
/** Lengthening of the pulse per step of its extension, as a share of the plain pulse. */
const pulsePerExtension = 0.25;
/** The smaller capacitance of an input doubles the step. */
const smallCapacitanceGain = 2;
/** Synaptic inputs with less bias of their source followers than this, codes, do not work. */
const leastBias = 10;

export interface SynapticPathEnvironment {
  readonly registers: Registers;
  readonly capMem: CapMem;
  readonly synapses: SynapseArray;
  /** Takes each step of an input's voltage, V, that an event at a time (units of 4 ns) makes. */
  readonly deliver: (neuron: AtomicNeuron, input: SynapticInput, amplitude: number, time: number) => void;
  /** Called after each write that may change where events go. */
  readonly onChange: () => void;
  /** The present, units of 4 ns. */
  readonly now: () => number;
}

const cellsOf = (name: "syn_i_bias_dac" | "neuron_i_bias_synin_drop"): number[] =>
  quadrants.map((block) => sharedCapMemCell(CapMemBlockOnDls.at(block), name));
const dacCells = cellsOf("syn_i_bias_dac");
const dropCells = cellsOf("neuron_i_bias_synin_drop");

/** What is known of a neuron's inputs. */
const inputBits = { excitatory: 1, inhibitory: 2, joined: 3, smallExcitatory: 4, smallInhibitory: 8 } as const;
const unknownInputs = -1;

/** A row of synapses that a driver serves, with its sign. */
interface DrivenRow {
  readonly row: number;
  readonly mode: number;
}

export class SynapticPath {
  readonly #registers: Registers;
  readonly #capMem: CapMem;
  readonly #synapses: SynapseArray;
  readonly #deliver: SynapticPathEnvironment["deliver"];
  readonly #inputs = new Int8Array(AtomicNeuronOnDls.size).fill(unknownInputs);

  constructor({ registers, capMem, synapses, deliver, onChange, now }: SynapticPathEnvironment) {
    this.#registers = registers;
    this.#capMem = capMem;
    this.#synapses = synapses;
    this.#deliver = deliver;
    for (const container of [CommonPadiBusConfig, SynapseDriverConfig])
      registers.hook(container, { onWrite: onChange });
    registers.hook(ColumnCurrentQuad, {
      onWrite: () => {
        this.#inputs.fill(unknownInputs);
        onChange();
      },
    });
    registers.hook(PadiEvent, { onWrite: (half) => this.#fire(half, now()) });
  }

  reset(): void {
    this.#inputs.fill(unknownInputs);
  }

  /** A neuron's configuration has changed. */
  noteConfig(neuron: AtomicNeuron): void {
    this.#inputs[neuron] = unknownInputs;
  }

  /** An event from the crossbar. @param output of the crossbar, 0..7 @param label 14 bits @param time units of 4 ns */
  fromCrossbar(output: number, label: number, time: number): void {
    const [half, bus] = [output >> 2, output & 3];
    if (this.#takesFromCrossbar(half, bus)) this.#onBus(half, bus, label & labelMask, rowSelectOf(label), time);
  }

  /** Whether an event at a crossbar output would reach any input, as things stand. */
  reaches(output: number, label: number): boolean {
    const [half, bus] = [output >> 2, output & 3];
    return (
      this.#takesFromCrossbar(half, bus) &&
      this.#rows(half, bus, rowSelectOf(label)).some(({ row }) => {
        const targets = this.#synapses.targets(half, row, label & labelMask);
        return targets.some(({ column }) => (this.#inputsOf(half, column) & inputBits.joined) !== 0);
      })
    );
  }

  #takesFromCrossbar(half: number, bus: number): boolean {
    const config = CommonPadiBusConfig.decode(this.#registers.words(CommonPadiBusConfig, HemisphereOnDls.at(half)));
    return config[`enableSpl1${bus as 0 | 1 | 2 | 3}`];
  }

  /** The event that the host has written to a half's PADI register. */
  #fire(half: number, time: number): void {
    const event = PadiEvent.decode(this.#registers.words(PadiEvent, HemisphereOnDls.at(half)));
    for (const bus of buses)
      if (event[`fireBus${bus}`]) this.#onBus(half, bus, event.eventAddress, event.rowSelectAddress, time);
  }

  #onBus(half: number, bus: number, address: number, rowSelect: number, time: number): void {
    const rows = this.#rows(half, bus, rowSelect);
    if (rows.length === 0) return;
    const padi = CommonPadiBusConfig.decode(this.#registers.words(CommonPadiBusConfig, HemisphereOnDls.at(half)));
    const pulse = 1 + pulsePerExtension * padi[`dacenPulseExtension${bus as 0 | 1 | 2 | 3}`];
    const steps = [2 * half, 2 * half + 1].map((quadrant) => pulse * this.#stepPerWeight(quadrant, time));
    for (const { row, mode } of rows)
      for (const target of this.#synapses.targets(half, row, address))
        this.#toNeuron(half, target, mode, steps[target.column < columns / 2 ? 0 : 1] as number, time);
  }

  /** Rows whose driver listens to a bus and a row address, and that have a sign. */
  #rows(half: number, bus: number, rowSelect: number): DrivenRow[] {
    const rows: DrivenRow[] = [];
    for (let onBus = 0; onBus < driversPerBus; onBus++) {
      const driver = buses.length * onBus + bus;
      const words = this.#registers.words(SynapseDriverConfig, SynapseDriverOnDls.of(half, driver));
      // Bit 15 of the first word: most drivers do not listen, and need not be decoded.
      if (((words[0] as number) & 0x8000) === 0) continue;
      const config = SynapseDriverConfig.decode(words);
      const mask = config.rowAddressCompareMask;
      if (!config.enableAddressOut || (rowSelect & mask) !== (onBus & mask)) continue;
      if (config.rowModeBottom !== 0) rows.push({ row: 2 * driver, mode: config.rowModeBottom });
      if (config.rowModeTop !== 0) rows.push({ row: 2 * driver + 1, mode: config.rowModeTop });
    }
    return rows;
  }

  #toNeuron(
    half: number,
    { column, strength }: SynapseTarget,
    mode: number,
    stepPerWeight: number,
    time: number,
  ): void {
    const inputs = this.#inputsOf(half, column);
    const neuron = AtomicNeuronOnDls.at(columns * half + column);
    const step = stepPerWeight * strength;
    if (inputs & inputBits.excitatory && isExcitatory(mode))
      this.#deliver(
        neuron,
        "excitatory",
        inputs & inputBits.smallExcitatory ? smallCapacitanceGain * step : step,
        time,
      );
    if (inputs & inputBits.inhibitory && isInhibitory(mode))
      this.#deliver(
        neuron,
        "inhibitory",
        inputs & inputBits.smallInhibitory ? smallCapacitanceGain * step : step,
        time,
      );
  }

  /** A column's lines that are joined with its neuron, and the size of their capacitors; kept until a switch changes. */
  #inputsOf(half: number, column: number): number {
    const at = columns * half + column;
    const known = this.#inputs[at] as number;
    if (known !== unknownInputs) return known;
    const switches = ColumnCurrentQuad.decode(
      this.#registers.words(ColumnCurrentQuad, ColumnQuadOnDls.of(half, quadOf(column))),
    );
    const config = NeuronConfig.decode(this.#registers.words(NeuronConfig, at));
    const entry = entryOf(column);
    const inputs =
      (switches[`enableSynapticCurrentExcitatory${entry}`] ? inputBits.excitatory : 0) |
      (switches[`enableSynapticCurrentInhibitory${entry}`] ? inputBits.inhibitory : 0) |
      (config.enableSynapticInputExcitatorySmallCapacitance ? inputBits.smallExcitatory : 0) |
      (config.enableSynapticInputInhibitorySmallCapacitance ? inputBits.smallInhibitory : 0);
    this.#inputs[at] = inputs;
    return inputs;
  }

  /** Step of an input's voltage per weight, V. */
  #stepPerWeight(quadrant: number, time: number): number {
    const selection = SynapseBiasSelection.decode(this.#registers.words(SynapseBiasSelection, theChip));
    if (!selection[`enableInternalDacBias${quadrant as 0 | 1 | 2 | 3}`]) return 0;
    if (this.#capMem.level(dropCells[quadrant] as number, time) < leastBias) return 0;
    const code = this.#capMem.level(dacCells[quadrant] as number, time);
    return ((fullWeightStep / fullWeight) * code) / nominalDacCode;
  }
}

/** Bits 10..6 of a label. */
const rowSelectOf = (label: number): number => (label >> labelBits) & rowSelectMask;

/** Quad and entry of each column: the inverse of `synapseColumn`. */
const placeOfColumn: { quad: number; entry: 0 | 1 | 2 | 3 }[] = [];
for (let quad = 0; quad < quads; quad++)
  for (const entry of entries) placeOfColumn[synapseColumn(quad, entry)] = { quad, entry };
const quadOf = (column: number): number => placeOfColumn[column]?.quad ?? 0;
const entryOf = (column: number): 0 | 1 | 2 | 3 => placeOfColumn[column]?.entry ?? 0;
