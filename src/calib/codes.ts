/**
 * A calibration's result as settings of neurons: every code and switch that the device needs, not only the inferred
 * ones; how they are written, and whether they are there. Plain data, so that it can be kept, shown and applied without
 * the task.
 */
import {
  AtomicNeuronOnDls,
  blocksOfSharedCell,
  CapMemBlockConfig,
  CapMemBlockOnDls,
  CapMemCell,
  CommonNeuronBackendConfig,
  capMemCellOfNeuron,
  NeuronBackendBlockOnDls,
  NeuronBackendConfig,
  type NeuronCapMemRow,
  NeuronConfig,
  type PlaybackProgramBuilder,
  type SharedCapMemCell,
  sharedCapMemCell,
  type Ticket,
} from "../device/interface/index.js";
import type { RunData } from "./run-data.js";
import { settingOf, type Task } from "./task/task.js";

export interface NeuronSetting {
  /** AtomicNeuronOnDls, 0..511. */
  readonly neuron: number;
  /** Codes of its CapMem cells, CapMem LSB. */
  readonly codes: Readonly<Partial<Record<NeuronCapMemRow, number>>>;
  readonly switches: Task["neuronConfig"];
  readonly backend: Task["backendConfig"];
}

export interface CodeSet {
  readonly sharedCodes: Task["sharedCodes"];
  readonly commonBackend: Task["commonBackendConfig"];
  readonly neurons: readonly NeuronSetting[];
}

/** What a neuron must be set to for these values of the task's parameters. @param theta shape (numParameters) */
export function codeSetOf(task: Task, neuron: number, theta: ArrayLike<number>): CodeSet {
  const { cells, neuronConfig } = settingOf(task, theta);
  const codes = { ...task.neuronCodes, ...Object.fromEntries(cells) };
  return {
    sharedCodes: task.sharedCodes,
    commonBackend: task.commonBackendConfig,
    neurons: [{ neuron, codes, switches: neuronConfig, backend: task.backendConfig }],
  };
}

/** The emulated posterior draw that came closest to the target. @returns codes, shape (numParameters), and distance */
export function closestDraw({ draws, predictive, parameters }: RunData): { theta: Int32Array; distance: number } {
  const distance = Math.min(...predictive.drawDistances);
  const row = predictive.drawDistances.indexOf(distance);
  return { theta: draws.theta.slice(row * parameters.length, (row + 1) * parameters.length), distance };
}

/** Append all writes. */
export function writeCodes(builder: PlaybackProgramBuilder, { sharedCodes, commonBackend, neurons }: CodeSet): void {
  for (let block = 0; block < CapMemBlockOnDls.size; block++) {
    builder.write(CapMemBlockConfig, CapMemBlockOnDls.at(block), {});
  }
  for (const [name, value] of Object.entries(sharedCodes) as [SharedCapMemCell, number][]) {
    for (const block of blocksOfSharedCell(name)) {
      builder.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
    }
  }
  for (let half = 0; half < NeuronBackendBlockOnDls.size; half++) {
    builder.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(half), commonBackend);
  }
  for (const { neuron, codes, switches, backend } of neurons) {
    const at = AtomicNeuronOnDls.at(neuron);
    for (const [name, value] of Object.entries(codes) as [NeuronCapMemRow, number][]) {
      builder.write(CapMemCell, capMemCellOfNeuron(at, name), { value });
    }
    builder.write(NeuronBackendConfig, at, backend).write(NeuronConfig, at, switches);
  }
}

/** Something that reads back other than it was written. */
export interface CodeDifference {
  /** For example `neuron 17`, `CapMem block 2`. */
  readonly where: string;
  /** For example `v_reset` or `enableAdaptation`. */
  readonly what: string;
  readonly written: number | boolean;
  readonly found: number | boolean;
}

/** Append reads of all that was written. @returns after the run: what differs */
export function readBack(
  builder: PlaybackProgramBuilder,
  { sharedCodes, commonBackend, neurons }: CodeSet,
): () => CodeDifference[] {
  const checks: (() => CodeDifference[])[] = [];
  const compare = (where: string, written: object, ticket: Ticket<object>, name?: string): void => {
    checks.push(() => {
      const found = ticket.get() as Record<string, number | boolean>;
      return Object.entries(written as Record<string, number | boolean>).flatMap(([field, value]) => {
        const back = found[field];
        if (back === undefined || back === value) return [];
        return [{ where, what: name ?? field, written: value, found: back }];
      });
    });
  };
  for (const [name, value] of Object.entries(sharedCodes) as [SharedCapMemCell, number][]) {
    for (const block of blocksOfSharedCell(name)) {
      const cell = sharedCapMemCell(CapMemBlockOnDls.at(block), name);
      compare(`CapMem block ${block}`, { value }, builder.read(CapMemCell, cell), name);
    }
  }
  for (let half = 0; half < NeuronBackendBlockOnDls.size; half++) {
    const ticket = builder.read(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(half));
    compare(`backend block ${half}`, commonBackend, ticket);
  }
  for (const { neuron, codes, switches, backend } of neurons) {
    const at = AtomicNeuronOnDls.at(neuron);
    const where = `neuron ${neuron}`;
    for (const [name, value] of Object.entries(codes) as [NeuronCapMemRow, number][]) {
      compare(where, { value }, builder.read(CapMemCell, capMemCellOfNeuron(at, name)), name);
    }
    compare(where, backend, builder.read(NeuronBackendConfig, at));
    compare(where, switches, builder.read(NeuronConfig, at));
  }
  return () => checks.flatMap((check) => check());
}
