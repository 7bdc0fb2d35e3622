/**
 * `hxloop/capture`: recordings of the wire for other programs. Read a pcapng file's datagrams, explain them at four
 * depths, write recordings, make the Wireshark dissector. Pure: takes and gives bytes; files are the caller's.
 */
export * from "../protocol/capture/capture-reader.js";
export * from "../protocol/capture/capture-writer.js";
export { CaptureInvalid } from "../protocol/capture/errors.js";
export { dissectorSource } from "../protocol/dissector/index.js";
export { Explainer, explainAt } from "../protocol/explain/explainer.js";
export * from "../protocol/explain/item.js";
