/** The text form of playback programs. */
export { assemble } from "./assemble.js";
export { formatContents } from "./container-forms.js";
export * from "./disassemble.js";
export { AssemblyInvalid } from "./errors.js";
export { recognise } from "./recognise.js";
export type { Statement } from "./statement.js";
