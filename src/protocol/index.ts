/**
 * The wire format in one place: coordinates, containers, instruction streams, link and serial frames. Pure and
 * synchronous; knows nothing of who talks, when, or why.
 */
export * from "./containers/background.js";
export * from "./containers/board.js";
export * from "./containers/cadc.js";
export * from "./containers/capmem.js";
export * from "./containers/column-switches.js";
export type { ContainerType } from "./containers/container.js";
export * from "./containers/crossbar.js";
export { allContainers, containerChapters } from "./containers/dictionary.js";
export * from "./containers/executor.js";
export * from "./containers/madc.js";
export * from "./containers/neuron.js";
export * from "./containers/neuron-backend.js";
export * from "./containers/phy.js";
export * from "./containers/pll.js";
export * from "./containers/ppu.js";
export * from "./containers/readout.js";
export { type Run as RegisterRun, runsOf } from "./containers/register-map.js";
export * from "./containers/sram-timing.js";
export * from "./containers/synapse.js";
export * from "./coordinates/capmem.js";
export type { Coordinate } from "./coordinates/coordinate.js";
export * from "./coordinates/crossbar.js";
export { CapMemBlockOnDls, HemisphereOnDls, NeuronBackendBlockOnDls } from "./coordinates/hemisphere.js";
export * from "./coordinates/neuron.js";
export type { SharedCapMemCell } from "./coordinates/shared-capmem-cells.js";
export * from "./coordinates/synapse.js";
export * from "./coordinates/unique.js";
export * from "./errors.js";
export * from "./host-arq.js";
export * from "./host-arq-frame.js";
export type { MessageType } from "./messages/define-message.js";
export { messagesOf } from "./messages/define-message.js";
export { fromFpgaMessages, toFpgaMessages } from "./messages/dictionary.js";
export { type AnswerEncoder, createFromFpgaDecoder, createFromFpgaEncoder } from "./messages/from-fpga.js";
export {
  type MessageColumns,
  makeMessageColumns,
  packFromFpga,
  packToFpga,
  unpackFromFpga,
  unpackToFpga,
} from "./messages/message-columns.js";
export * from "./messages/streams.js";
export { createToFpgaDecoder, createToFpgaEncoder } from "./messages/to-fpga.js";
export {
  encodeCredit,
  encodeMark,
  encodeSerialFrame,
  firstWindowBytes,
  parseCredit,
  parseMark,
  SerialDeframer,
} from "./serial-frame.js";
