/**
 * Timing of the configuration memories that sit beside the analog circuits. All have the same two words.
 * Source: haldls `vx/sram_controller.cpp`, `vx/omnibus_constants.tcc`.
 */
import type { Coordinate, CoordinateType } from "../coordinates/coordinate.js";
import { CapMemBlockOnDls, HemisphereOnDls, NeuronBackendBlockOnDls } from "../coordinates/hemisphere.js";
import { defineContainer } from "./define-container.js";
import { uint } from "./field.js";

function sramTiming<Coord extends string>(
  name: string,
  what: string,
  coordinate: CoordinateType<Coord>,
  address: (at: Coordinate<Coord>) => number,
) {
  return defineContainer({
    name,
    doc: `Memory timing of ${what}.`,
    coordinate,
    address,
    offsets: [0, 1],
    fields: {
      readDelay: uint(0, 0, 8, "delay of a read", { unit: "cycles" }),
      addressSetupTime: uint(1, 0, 4, "address before the pulse", { unit: "cycles" }),
      writeWidth: uint(1, 4, 4, "length of the write pulse", { unit: "cycles" }),
    },
  });
}

export const CapMemSramTimingConfig = sramTiming(
  "CapMemSramTimingConfig",
  "one quadrant's CapMem",
  CapMemBlockOnDls,
  (at) => 0x142800 + 0x8000 * at,
);

/** Quadrants are counted as for the CapMem: the west half of a row has the higher addresses. */
export const CadcOffsetSramTimingConfig = sramTiming(
  "CadcOffsetSramTimingConfig",
  "one quadrant's CADC offsets",
  CapMemBlockOnDls,
  (at) => 0x2400102 + 0x1000000 * (at >> 1) + (at & 1 ? 0 : 0x800),
);

export const SynapseDriverSramTimingConfig = sramTiming(
  "SynapseDriverSramTimingConfig",
  "one half's synapse drivers",
  HemisphereOnDls,
  (at) => 0x110602 + 0x8000 * at,
);

export const NeuronSramTimingConfig = sramTiming(
  "NeuronSramTimingConfig",
  "one quadrant's neurons",
  CapMemBlockOnDls,
  (at) => 0x160402 + 0x8000 * at,
);

export const NeuronBackendSramTimingConfig = sramTiming(
  "NeuronBackendSramTimingConfig",
  "one block of neuron backends",
  NeuronBackendBlockOnDls,
  (at) => 0x1a1402 + 0x8000 * at,
);
