/** The bare chip in software: registers, circuits and converters on a virtual clock, without I/O. */
export { type Chip, type ChipOptions, createChip } from "./chip.js";
export type { ImperfectionPreset, Imperfections } from "./imperfections.js";
