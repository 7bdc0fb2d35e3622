/**
 * The cells of the CapMem: in each quadrant 24 rows by 130 columns. Columns 0..127 belong to the quadrant's neurons, one
 * column each; 128 and 129 hold cells that several circuits share. Index = (block * 130 + column) * 24 + row.
 * Source: halco `hicann-dls/vx/v3/capmem.cpp`.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { type Coordinate, defineCoordinate } from "./coordinate.js";
import { type AtomicNeuron, AtomicNeuronOnDls, neuronBlock, neuronIndexInBlock } from "./neuron.js";
import { type SharedCapMemCell, sharedCellPlaces } from "./shared-capmem-cells.js";

export type CapMemCellCoordinate = Coordinate<"CapMemCellOnDls">;
type CapMemBlock = Coordinate<"CapMemBlockOnDls">;

const rows = 24;
const columns = 130;
const neuronColumns = 128;

/** Parameter of a neuron by row: 0..7 voltages, 8..23 currents. */
export const neuronCapMemRows = [
  "v_leak",
  "v_reset",
  "v_threshold",
  "e_synin_exc_rev",
  "e_synin_inh_rev",
  "v_adapt_leak",
  "v_exp",
  "v_adapt_ref",
  "i_bias_leak",
  "i_bias_reset",
  "i_bias_synin_exc_tau",
  "i_bias_synin_exc_coba",
  "i_bias_synin_exc_shift",
  "i_bias_synin_exc_gm",
  "i_bias_synin_inh_tau",
  "i_bias_synin_inh_coba",
  "i_bias_synin_inh_shift",
  "i_bias_synin_inh_gm",
  "i_bias_adapt_tau",
  "i_bias_adapt_a",
  "i_bias_adapt_b",
  "i_bias_exp",
  "i_mem_offset",
  "i_bias_nmda",
] as const;
export type NeuronCapMemRow = (typeof neuronCapMemRows)[number];

/** Where a cell is. */
export interface CapMemCellPlace {
  /** Quadrant, 0..3. */
  readonly block: number;
  /** 0..129. */
  readonly column: number;
  /** 0..23. */
  readonly row: number;
}

export function capMemCellPlace(cell: CapMemCellCoordinate): CapMemCellPlace {
  const row = cell % rows;
  const column = ((cell - row) / rows) % columns;
  return { block: Math.floor(cell / (rows * columns)), column, row };
}

function indexOf(block: number, column: number, row: number): number {
  return (block * columns + column) * rows + row;
}

function formatCell(index: number): string {
  const { block, column, row } = capMemCellPlace(index as CapMemCellCoordinate);
  if (column < neuronColumns) return `n${block * neuronColumns + column}.${neuronCapMemRows[row]}`;
  const shared = sharedCellPlaces.find((p) => p.column === column && p.row === row && p.blocks.includes(block));
  return shared ? `b${block}.${shared.name}` : `b${block}.c${column}.r${row}`;
}

function parseCell(text: string): number | undefined {
  const neuron = /^n(\d+)\.(\w+)$/.exec(text);
  if (neuron) {
    const n = Number(neuron[1]);
    const row = neuronCapMemRows.indexOf(neuron[2] as NeuronCapMemRow);
    if (n >= AtomicNeuronOnDls.size || row < 0) return undefined;
    return n * rows + row + Math.floor(n / neuronColumns) * (columns - neuronColumns) * rows;
  }
  const plain = /^b([0-3])\.c(\d+)\.r(\d+)$/.exec(text);
  if (plain) {
    const [block, column, row] = [Number(plain[1]), Number(plain[2]), Number(plain[3])];
    return column < columns && row < rows ? indexOf(block, column, row) : undefined;
  }
  const shared = /^b([0-3])\.(\w+)$/.exec(text);
  const block = Number(shared?.[1]);
  const place = sharedCellPlaces.find((p) => p.name === shared?.[2] && p.blocks.includes(block));
  return place && indexOf(block, place.column, place.row);
}

/** All 12480 cells; text form `n17.v_reset`, `b2.neuron_i_bias_readout_amp`, or `b0.c129.r0` where unused. */
export const CapMemCellOnDls = defineCoordinate({
  name: "CapMemCellOnDls",
  size: 4 * columns * rows,
  format: formatCell,
  parse: parseCell,
});

/** @throws FieldOutOfRange */
export function capMemCellAt(block: CapMemBlock, column: number, row: number): CapMemCellCoordinate {
  if (!Number.isInteger(column) || column < 0 || column >= columns)
    throw new FieldOutOfRange("CapMem column", column, `0..${columns - 1}`);
  if (!Number.isInteger(row) || row < 0 || row >= rows) throw new FieldOutOfRange("CapMem row", row, `0..${rows - 1}`);
  return CapMemCellOnDls.at(indexOf(block, column, row));
}

/** The cell that sets a parameter of a neuron. @throws FieldOutOfRange when there is no such parameter */
export function capMemCellOfNeuron(neuron: AtomicNeuron, parameter: NeuronCapMemRow): CapMemCellCoordinate {
  const row = neuronCapMemRows.indexOf(parameter);
  if (row < 0) throw new FieldOutOfRange("neuron CapMem parameter", parameter, neuronCapMemRows.join(", "));
  return capMemCellAt(neuronBlock(neuron), neuronIndexInBlock(neuron), row);
}

/** A shared cell by name. @throws FieldOutOfRange when the block has no cell of that name */
export function sharedCapMemCell(block: CapMemBlock, name: SharedCapMemCell): CapMemCellCoordinate {
  const place = sharedCellPlaces.find((p) => p.name === name);
  if (!place?.blocks.includes(block))
    throw new FieldOutOfRange(`CapMem cell ${name} in block`, block, place?.blocks.join(", ") ?? "no block");
  return capMemCellAt(block, place.column, place.row);
}

/** Blocks in which a shared cell exists, in ascending order. */
export function blocksOfSharedCell(name: SharedCapMemCell): readonly number[] {
  return sharedCellPlaces.find((p) => p.name === name)?.blocks ?? [];
}
