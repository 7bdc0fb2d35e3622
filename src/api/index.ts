/** What a user of the library imports: open a device, drive it, calibrate on it, and tell the errors apart. */
export { FieldOutOfRange, HxError, isHxError } from "../base/errors.js";
export * from "../calib/index.js";
export type { ConnectedDevice, LinkHealth } from "../device/connect.js";
export * from "../device/errors.js";
export * from "../device/interface/index.js";
export type { CaptureFile } from "../device/transport/capture-file.js";
export type { CaptureSink, DatagramRecorder } from "../device/transport/record.js";
export { type OpenDeviceOptions, type OpenedDevice, openDevice } from "./open-device.js";
export { openDevices } from "./open-devices.js";
export { recordTo } from "./record-to.js";
