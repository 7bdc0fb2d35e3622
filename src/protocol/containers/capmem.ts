/**
 * CapMem: the analog memory whose 10-bit codes set every voltage and current of the neurons, and its refresh
 * controllers. A code is 0..1022; the word 1023 means that the cell is not refreshed.
 * Source: haldls `vx/capmem.h`, `vx/v3/capmem.cpp`.
 */
import { CapMemCellOnDls, capMemCellPlace } from "../coordinates/capmem.js";
import { CapMemBlockOnDls } from "../coordinates/hemisphere.js";
import { defineContainer } from "./define-container.js";
import { flag, uint } from "./field.js";

const blockBase = (block: number): number => 0x140000 + 0x8000 * block;

export const CapMemCell = defineContainer({
  name: "CapMemCell",
  doc: "One analog memory cell. The word 1023 stands for refresh off.",
  coordinate: CapMemCellOnDls,
  address: (at) => {
    const { block, column, row } = capMemCellPlace(at);
    return blockBase(block) + 32 * column + row;
  },
  fields: {
    value: uint(0, 0, 10, "DAC code", { max: 1022, unit: "CapMem LSB" }),
    refresh: { ...flag(0, 0, "the cell is refreshed; false is the word 1023", { default: true }), runs: [] },
  },
  offWord: { field: "refresh", word: 1023 },
});

export const CapMemBlockConfig = defineContainer({
  name: "CapMemBlockConfig",
  doc: "Refresh controller and debug output of one quadrant's CapMem.",
  coordinate: CapMemBlockOnDls,
  address: (at) => blockBase(at) + 0x4000,
  offsets: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  fields: {
    debugRows: uint(0, 0, 24, "rows on the debug output, bit 23 - row; one bit or none", { hex: true }),
    debugColumn: uint(1, 0, 8, "column on the debug output"),
    debugVRefSelect: uint(2, 0, 2, "reference voltage on the debug output"),
    vGlobalBias: uint(3, 0, 4, "global bias voltage", { default: 7 }),
    debugLevelShifterBias: uint(3, 4, 4, "bias of the debug level shifter", { default: 3 }),
    debugSourceFollowerBias: uint(3, 8, 4, "bias of the debug source follower", { default: 3 }),
    debugOutAmpBias: uint(3, 12, 4, "bias of the debug output amplifier", { default: 7 }),
    currentCellRes: uint(4, 0, 6, "resistor of the current cells", { default: 8 }),
    debugIOutSelect: uint(5, 0, 2, "current on the debug output"),
    subCounter: uint(6, 0, 16, "sub counter of the ramp", { default: 16 }),
    enableCapMem: flag(6, 16, "refresh the cells", { default: true }),
    enableBoost: flag(6, 17, "boosted refresh"),
    enableAutoboost: flag(6, 18, "boost after a write"),
    prescaleRamp: uint(6, 20, 4, "clock divider of the ramp", { default: 3 }),
    prescalePause: uint(6, 24, 4, "clock divider of the pause", { default: 3 }),
    boostFactor: uint(6, 28, 4, "boost factor"),
    pulseB: uint(7, 0, 16, "refresh pulse b", { default: 7 }),
    pulseA: uint(7, 16, 16, "refresh pulse a", { default: 4 }),
    boostB: uint(8, 0, 16, "boost pulse b"),
    boostA: uint(8, 16, 16, "boost pulse a"),
    pauseCounter: uint(9, 0, 32, "pause between refresh cycles", { default: 8096 }),
  },
});
