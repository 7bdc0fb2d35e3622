/** What a user of the library imports: open a device, drive it, and tell the errors apart. */

export { FieldOutOfRange, HxError, isHxError } from "../base/errors.js";
export type { LinkHealth } from "../device/connect.js";
export * from "../device/errors.js";
export type {
  BarrierName,
  ContainerType,
  Coordinate,
  Device,
  DeviceIdentity,
  MadcSamples,
  PlaybackProgram,
  PlaybackProgramBuilder,
  RunOptions,
  RunResult,
  Session,
  SpikeEvents,
  Ticket,
  TimeInfo,
} from "../device/interface/index.js";
export { fpgaCyclesPerUs } from "../device/interface/index.js";
export { type OpenDeviceOptions, openDevice } from "./open-device.js";
