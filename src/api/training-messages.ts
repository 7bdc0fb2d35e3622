/** What goes between the thread that owns a training and the one that runs it. */
import type { TrainedWeights, TrainingJob } from "../calib/flow/training-host.js";
import type { EpochReport, TrainingState } from "../calib/flow/training-options.js";

export type ToTrainer =
  | { readonly type: "train"; readonly job: TrainingJob }
  | { readonly type: "theta"; readonly theta: Float32Array }
  | { readonly type: "go-on" };

export type FromTrainer =
  | { readonly type: "theta"; readonly key: readonly [number, number] }
  | { readonly type: "epoch"; readonly report: EpochReport }
  | { readonly type: "state"; readonly state: TrainingState }
  | { readonly type: "done"; readonly trained: TrainedWeights }
  | { readonly type: "diverged"; readonly network: string; readonly epoch: number; readonly loss: number }
  | { readonly type: "failed"; readonly error: unknown };
