/** The text form of playback programs. */
export { type AssembleOptions, assemble } from "./assemble.js";
export { formatContents } from "./container-forms.js";
export * from "./disassemble.js";
export { AssemblyInvalid, type TextPlace } from "./errors.js";
export { type Recognised, recognise } from "./recognise.js";
export type { Statement } from "./statement.js";
