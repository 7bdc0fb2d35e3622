/**
 * The stages of a calibration that use the device: one call records the settings of one stage, with progress, notices
 * and the check that enough of it can be used. The method (`calibrate.ts`) decides what is recorded.
 */

import type { Rng } from "../base/rng.js";
import type { Kernels } from "../kernels/spaces.js";
import { recordingDefects } from "./diagnostics/warnings.js";
import type { Phase } from "./events.js";
import type { TrainingHost } from "./flow/training-host.js";
import { advanceRecordings, type Progress } from "./progress.js";
import { DataSetBuilder } from "./recording/data-set.js";
import type { Recorder } from "./recording/recorder.js";
import type { CalibrationRequest } from "./request.js";
import type { Target, TraceSet } from "./run-data.js";
import { requireSpikes } from "./target/spikes.js";
import { traceOnGrid } from "./target/trace.js";
import { traceRules } from "./task/task.js";

/** What every stage of one calibration works with. */
export interface Run {
  readonly request: CalibrationRequest;
  readonly recorder: Recorder;
  readonly progress: Progress;
  readonly kernels: Kernels;
  /** Where density estimators train; undefined trains on this thread. */
  readonly host: TrainingHost | undefined;
  /** Root stream; every use forks it under its own label. */
  readonly rng: Rng;
  readonly signal: AbortSignal | undefined;
}

export interface Stage {
  readonly phase: Phase;
  /** Name in the store, for example `round-1`. */
  readonly name: string;
  /** For people, for example `recording, round 1 of 2`. */
  readonly label: string;
  /** Fewest usable recordings with which the method can go on. */
  readonly needed: number;
}

/** Record settings. @param theta shape (count, numParameters) @throws TooFewSamples, and what `Recorder.record` throws */
export async function recordStage(run: Run, stage: Stage, theta: Int32Array): Promise<TraceSet> {
  const { task } = run.request;
  const total = theta.length / task.parameters.length;
  const builder = new DataSetBuilder(stage.name, task.grid);
  let kept = 0;
  const set = await run.progress.phase(
    stage.phase,
    stage.label,
    total,
    "experiments",
    async (advance) => {
      await run.recorder.record(stage.name, theta, (recordings, fresh) => {
        builder.add(recordings);
        if (!fresh) kept += recordings.length;
        advanceRecordings(advance, builder.usable + builder.invalid, kept);
      });
      return builder.finish(stage.needed);
    },
    () => `${builder.usable} of ${total} usable${kept > 0 ? `, ${kept} recorded earlier` : ""}`,
  );
  for (const text of recordingDefects(stage.name, builder)) run.progress.notice(text);
  return set;
}

/** The target on the grid, checked for spikes. @throws TargetInvalid, TargetUnreachable, TooFewSamples */
export async function obtainTarget(run: Run): Promise<Target> {
  const { target, task } = run.request;
  if (target.kind === "theta") {
    const codes = task.parameters.map(({ name }, j) => `${name} = ${target.codes[j]}`).join(", ");
    const stage: Stage = { phase: "target", name: "target", label: `recording the target (${codes})`, needed: 1 };
    const { traces } = await recordStage(run, stage, target.codes);
    requireSpikes(task, traces, codes);
    return { source: codes, trace: traces, theta: target.codes };
  }
  return await run.progress.phase("target", `reading the target ${target.source}`, 1, "traces", async (advance) => {
    const trace = traceOnGrid(target, traceRules(task));
    if (target.unit === "v") {
      const { voltPerLsb, offsetVolt } = task.scale;
      run.progress.notice(
        `target ${target.source} was converted from volt with the nominal scale of ${(1000 * voltPerLsb).toFixed(3)} mV per LSB and ${(1000 * offsetVolt).toFixed(0)} mV at 0 LSB; the converter's own scale may differ by some per cent`,
      );
    }
    for (const note of target.notes ?? []) run.progress.notice(note);
    requireSpikes(task, trace, target.source);
    advance(1);
    return { source: target.source, trace, theta: null };
  });
}
