/**
 * What the container-valued parts of a task may hold, from the containers themselves: one schema per container, whose
 * keys, kinds and ranges are those of its fields.
 */
import { z } from "zod";
import {
  CommonNeuronBackendConfig,
  type ContainerType,
  MadcConfig,
  NeuronBackendConfig,
  type NeuronCapMemRow,
  NeuronConfig,
  neuronCapMemRows,
  type SharedCapMemCell,
  sharedCapMemCells,
} from "../../device/interface/index.js";
import type { Task } from "./task.js";

/** Largest code that software may send; 1023 means that a cell is not refreshed. */
export const largestCode = 1022;

/** Any of a container's fields. The values have been checked against its table when this has passed. */
function fieldsOf<F extends object>(container: ContainerType<string, F>): z.ZodType<Partial<F>> {
  const shape = Object.fromEntries(
    container.fields.map(({ name, kind, min, max, doc }) => {
      const value = kind === "bool" ? z.boolean() : z.int().min(min).max(max);
      return [name, value.optional().describe(doc)];
    }),
  );
  return z.strictObject(shape) as unknown as z.ZodType<Partial<F>>;
}

function codesOf<N extends string>(names: readonly N[]): z.ZodType<Partial<Record<N, number>>> {
  const shape = Object.fromEntries(names.map((name) => [name, z.int().min(0).max(largestCode).optional()]));
  return z.strictObject(shape) as unknown as z.ZodType<Partial<Record<N, number>>>;
}

type PartName = "cells" | "sharedCells" | "neuron" | "backend" | "commonBackend" | "madc";

export interface TaskParts {
  readonly cells?: Partial<Record<NeuronCapMemRow, number>> | undefined;
  readonly sharedCells?: Partial<Record<SharedCapMemCell, number>> | undefined;
  readonly neuron?: Task["neuronConfig"] | undefined;
  readonly backend?: Task["backendConfig"] | undefined;
  readonly commonBackend?: Task["commonBackendConfig"] | undefined;
  readonly madc?: Task["madcConfig"] | undefined;
}

export const partSchemas = {
  cells: codesOf(neuronCapMemRows).describe("Codes of the neuron's CapMem cells that are not inferred, CapMem LSB"),
  sharedCells: codesOf(sharedCapMemCells).describe("Codes of shared CapMem cells, in every block that has them"),
  neuron: fieldsOf(NeuronConfig).describe("Switches of the neuron's analog circuits"),
  backend: fieldsOf(NeuronBackendConfig).describe("The neuron's digital backend"),
  commonBackend: fieldsOf(CommonNeuronBackendConfig).describe("Clocks of the backends of one half"),
  madc: fieldsOf(MadcConfig).describe("The converter that records the membrane"),
} as const satisfies Record<PartName, z.ZodType>;
