/**
 * Coordinates of what exists once: registers of the chip as a whole and of the FPGA as a whole.
 */
import { defineCoordinate } from "./coordinate.js";

/** The one element of its kind on the chip. */
export const OnDls = defineCoordinate({
  name: "OnDls",
  size: 1,
  format: () => "chip",
  parse: (text) => (text === "chip" ? 0 : undefined),
});
export const theChip = OnDls.at(0);

/** The one element of its kind on the FPGA. */
export const OnFpga = defineCoordinate({
  name: "OnFpga",
  size: 1,
  format: () => "fpga",
  parse: (text) => (text === "fpga" ? 0 : undefined),
});
export const theFpga = OnFpga.at(0);
