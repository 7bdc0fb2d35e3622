/** The bare chip in software: registers, circuits and converters on a virtual clock, without I/O. */
export { createChip } from "./chip.js";
export type { Chip, ChipOptions } from "./chip-api.js";
export type { ImperfectionPreset, Imperfections } from "./imperfections.js";
