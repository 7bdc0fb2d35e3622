/**
 * `hxloop/protocol`: the wire format for other programs. Containers and instructions by name or as typed declarations,
 * streams of words, link and serial frames, playback programs as text. Pure: opens nothing and waits for nothing.
 */
export { FieldOutOfRange, HxError, isHxError } from "../base/errors.js";
export * from "../protocol/containers/container.js";
export { type RegisterPlace, registersOf } from "../protocol/containers/register-map.js";
export * from "../protocol/index.js";
export * from "../protocol/named/messages.js";
export * from "../protocol/named/registers.js";
export { AssemblyInvalid, assemble, disassembleLines, disassembleRecords } from "../protocol/text/index.js";
