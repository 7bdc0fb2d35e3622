/**
 * The two on-chip processors: memory, control and status.
 * Source: haldls `vx/ppu.{h,cpp}`.
 */
import { defineComposite } from "../coordinates/composite.js";
import { HemisphereOnDls } from "../coordinates/hemisphere.js";
import { defineContainer } from "./define-container.js";
import { flag, uint } from "./field.js";

const hemisphereStep = 0x1000000;

/** Half, word. */
export const PpuMemoryWordOnDls = defineComposite("PpuMemoryWordOnDls", [
  ["top", "bottom"],
  { prefix: "w", size: 4096 },
]);

export const PpuMemoryWord = defineContainer({
  name: "PpuMemoryWord",
  doc: "One word of a processor's memory of 16 KiB; a program leaves its return code in word 3071.",
  coordinate: PpuMemoryWordOnDls,
  address: (at) => {
    const [hemisphere = 0, word = 0] = PpuMemoryWordOnDls.split(at);
    return 0x2800000 + hemisphereStep * hemisphere + word;
  },
  fields: { value: uint(0, 0, 32, "word", { hex: true }) },
});

export const PpuControlRegister = defineContainer({
  name: "PpuControlRegister",
  doc: "Reset and clock of a processor.",
  coordinate: HemisphereOnDls,
  address: (at) => 0x2a00000 + hemisphereStep * at,
  fields: {
    inhibitReset: flag(0, 0, "the processor runs"),
    forceClockOn: flag(0, 1, "clock forced on"),
    forceClockOff: flag(0, 2, "clock forced off"),
    cacheControllerEnable: flag(0, 3, "instruction cache on"),
  },
});

export const PpuStatusRegister = defineContainer({
  name: "PpuStatusRegister",
  doc: "State of a processor.",
  coordinate: HemisphereOnDls,
  access: "r",
  address: (at) => 0x2a00001 + hemisphereStep * at,
  fields: { sleep: flag(0, 0, "the processor sleeps") },
});
