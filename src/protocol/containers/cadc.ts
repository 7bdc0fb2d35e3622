/**
 * The CADC: one 8-bit converter per column and channel type, 1024 in all, converting a row at a time.
 * Source: haldls `vx/cadc.{h,cpp}`.
 */
import { HemisphereOnDls } from "../coordinates/hemisphere.js";
import { CadcChannelOnDls, CadcSampleQuadOnDls } from "../coordinates/synapse.js";
import { defineContainer } from "./define-container.js";
import { flag, offsetBinary, series, uint } from "./field.js";

const hemisphereStep = 0x1000000;

export const CadcConfig = defineContainer({
  name: "CadcConfig",
  doc: "Timing of one half's converters.",
  coordinate: HemisphereOnDls,
  address: (at) => 0x2401000 + hemisphereStep * at,
  fields: {
    enable: flag(0, 0, "converters on"),
    resetWait: uint(0, 4, 8, "wait after the reset of the ramp", { default: 100 }),
    deadTime: uint(0, 12, 8, "wait before the ramp starts", { default: 20 }),
  },
});

export const CadcChannelConfig = defineContainer({
  name: "CadcChannelConfig",
  doc: "Digital offset of one channel.",
  coordinate: CadcChannelOnDls,
  address: (at) => {
    const [hemisphere = 0, column = 0, type = 0] = CadcChannelOnDls.split(at);
    const west = column < 128;
    return 0x2400000 + hemisphereStep * hemisphere + (west ? 0x800 : 0) + 2 * (column % 128) + type;
  },
  fields: { offset: offsetBinary(0, 0, 8, "added to every sample", "CADC LSB") },
});

export const CadcSampleQuad = defineContainer({
  name: "CadcSampleQuad",
  doc: "Samples of four columns of a row.",
  coordinate: CadcSampleQuadOnDls,
  access: "r",
  address: (at) => {
    const [hemisphere = 0, type = 0, readout = 0, row = 0, quad = 0] = CadcSampleQuadOnDls.split(at);
    return 0x2c80000 + hemisphereStep * hemisphere + 0x40000 * type + 0x200000 * readout + 64 * row + quad;
  },
  fields: { ...series("sample", [0, 1, 2, 3], (i) => uint(0, 24 - 8 * i, 8, `sample of entry ${i}`)) },
});
