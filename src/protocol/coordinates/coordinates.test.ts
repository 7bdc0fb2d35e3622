import { expect, expectTypeOf, test } from "vitest";
import { CapMemCell } from "../containers/capmem.js";
import type { NeuronConfig } from "../containers/neuron.js";
import {
  blocksOfSharedCell,
  CapMemCellOnDls,
  capMemCellAt,
  capMemCellOfNeuron,
  capMemCellPlace,
  neuronCapMemRows,
  sharedCapMemCell,
} from "./capmem.js";
import {
  CrossbarInputOnDls,
  CrossbarNodeOnDls,
  CrossbarOutputOnDls,
  crossbarNode,
  crossbarNodePlace,
} from "./crossbar.js";
import { CapMemBlockOnDls } from "./hemisphere.js";
import {
  AtomicNeuronOnDls,
  neuronBackendBlock,
  neuronBlock,
  neuronColumn,
  neuronIndexInBackendBlock,
  neuronIndexInBlock,
  neuronRow,
} from "./neuron.js";
import { sharedCapMemCells } from "./shared-capmem-cells.js";
import { SynapseQuadOnDls, synapseColumn } from "./synapse.js";

test.each([
  // neuron, row, column, block, index in block, backend block, index in backend block
  [0, 0, 0, 0, 0, 0, 0],
  [127, 0, 127, 0, 127, 0, 127],
  [128, 0, 128, 1, 0, 1, 0],
  [255, 0, 255, 1, 127, 1, 127],
  [256, 1, 0, 2, 0, 0, 128],
  [300, 1, 44, 2, 44, 0, 172],
  [384, 1, 128, 3, 0, 1, 128],
  [511, 1, 255, 3, 127, 1, 255],
])("neuron %i stands where the chip has it", (n, row, column, block, index, backend, backendIndex) => {
  const at = AtomicNeuronOnDls.at(n);
  expect([neuronRow(at), neuronColumn(at), neuronBlock(at), neuronIndexInBlock(at)]).toEqual([
    row,
    column,
    block,
    index,
  ]);
  expect([neuronBackendBlock(at), neuronIndexInBackendBlock(at)]).toEqual([backend, backendIndex]);
});

test("CapMem cells: addresses by hand, texts, index", () => {
  const address = (text: string) => CapMemCell.addresses(CapMemCellOnDls.parse(text)!)[0];
  expect(address("n7.v_leak")).toBe(0x1400e0);
  expect(address("n256.v_leak")).toBe(0x150000);
  expect(address("b3.neuron_i_bias_readout_amp")).toBe(0x158000 + 32 * 128 + 18);
  expect(address("b0.readout_sc_amp_i_bias")).toBe(0x140000 + 32 * 129 + 14);
  expect(capMemCellOfNeuron(AtomicNeuronOnDls.at(17), "v_reset")).toBe(17 * 24 + 1);
  expect(sharedCapMemCell(CapMemBlockOnDls.at(2), "neuron_i_bias_readout_amp")).toBe((2 * 130 + 128) * 24 + 18);
  expect(capMemCellPlace(capMemCellAt(CapMemBlockOnDls.at(2), 129, 23))).toEqual({ block: 2, column: 129, row: 23 });
});

test("every CapMem cell has one text, and 90 have no name", () => {
  const texts = Array.from({ length: CapMemCellOnDls.size }, (_, i) => CapMemCellOnDls.format(CapMemCellOnDls.at(i)));
  expect(new Set(texts).size).toBe(12480);
  texts.forEach((text, i) => {
    if (CapMemCellOnDls.parse(text) !== i) expect.fail(`${text} is ${CapMemCellOnDls.parse(text)}, not ${i}`);
  });
  expect(texts.filter((text) => /\.c\d+\.r\d+$/.test(text))).toHaveLength(90);
  expect(neuronCapMemRows).toHaveLength(24);
  expect(sharedCapMemCells).toHaveLength(39);
});

test.each([
  "n512.v_leak",
  "n1.v_nothing",
  "b4.c0.r0",
  "b0.c130.r0",
  "b0.c0.r24",
  "b1.readout_sc_amp_i_bias",
  "",
  "12480",
])("%s is no CapMem cell", (text) => {
  expect(CapMemCellOnDls.parse(text)).toBeUndefined();
});

test("a shared cell exists in its blocks only", () => {
  expect(blocksOfSharedCell("hagen_ibias_dac_bottom")).toEqual([3]);
  expect(() => sharedCapMemCell(CapMemBlockOnDls.at(1), "hagen_ibias_dac_bottom")).toThrow("= 1 is outside 3");
});

test("crossbar nodes: the corners of the numbering, and crossings that do not exist", () => {
  const node = (output: number, input: number) =>
    crossbarNode(CrossbarOutputOnDls.at(output), CrossbarInputOnDls.at(input));
  expect(CrossbarNodeOnDls.size).toBe(76);
  expect([node(0, 0), node(10, 2), node(4, 4), node(8, 8), node(11, 11), node(0, 12), node(11, 19)]).toEqual([
    0, 8, 13, 32, 59, 60, 75,
  ]);
  expect(crossbarNodePlace(CrossbarNodeOnDls.at(13))).toEqual({ output: 4, input: 4 });
  expect(() => node(1, 0)).toThrow("crossbar output for input 0 = 1 is outside 0, 4, 8");
});

test("synapse quads", () => {
  expect(SynapseQuadOnDls.format(SynapseQuadOnDls.of(1, 31, 3))).toBe("bottom.r31.q3");
  expect(() => SynapseQuadOnDls.of(0, 256, 0)).toThrow("part 1 = 256 is outside 0..255");
  const columns = Array.from({ length: 64 }, (_, quad) =>
    [0, 1, 2, 3].map((entry) => synapseColumn(quad, entry)),
  ).flat();
  expect(new Set(columns).size).toBe(256);
  expect([synapseColumn(0, 3), synapseColumn(32, 0), synapseColumn(63, 3)]).toEqual([6, 1, 255]);
});

test("types follow from the tables", () => {
  expectTypeOf<(typeof CapMemCell)["defaults"]>().toEqualTypeOf<Readonly<{ value: number; refresh: boolean }>>();
  expectTypeOf<(typeof NeuronConfig)["defaults"]["membraneCapacitorSize"]>().toEqualTypeOf<number>();
  expectTypeOf<(typeof NeuronConfig)["defaults"]["enableFire"]>().toEqualTypeOf<boolean>();
  // @ts-expect-error a misspelt field does not compile
  expect(() => CapMemCell.encode({ valve: 1 })).toThrow();
});
