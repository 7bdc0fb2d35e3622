/** The bare chip in software: registers, circuits and converters on a virtual clock, without I/O. */
export { type Chip, type ChipOptions, createChip, type MadcEvents, type SpikeEvents } from "./chip.js";
export { type ImperfectionPreset, type Imperfections, imperfectionPresets } from "./imperfections.js";
