/** Calibration of one neuron to a membrane trace, on the device interface alone. What other layers may use of it. */
export { type CalibrationContext, calibrate } from "./calibrate.js";
export { BatchMismatch, TargetInvalid, TargetUnreachable, TooFewSamples } from "./errors.js";
export type { CalibrationEvent, CalibrationListener, Phase } from "./events.js";
export {
  type CalibrationRequest,
  checkRequest,
  demoTarget,
  type RequestedTarget,
  requestLimits,
  requestOf,
  type ThetaTarget,
} from "./request.js";
export { type CalibrationResult, calibrationResult } from "./result.js";
export type * from "./run-data.js";
export { MemoryRunStore, type NetworkState, type RunStore } from "./store.js";
export { parseTargetCsv } from "./target/csv.js";
export type { CountScale, TraceTarget } from "./target/trace.js";
export { paperTask } from "./task/paper.js";
export { type Task, thetaFromNames, traceRules } from "./task/task.js";
export { taskByName, taskNames } from "./task/tasks.js";
