/**
 * Kills of a calibration at random moments. One run is left alone; every other has the same seed, is killed with SIGKILL
 * at a moment drawn evenly from the length of a run, one in four of them once more while it goes on, and is then gone on
 * with to its end. All bytes that do not tell time must be those of the undisturbed run.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../../base/async.js";
import { type Clock, elapsedMs } from "../../base/clock.js";
import type { Rng } from "../../base/rng.js";
import { countRecordings } from "../store/run-folder.js";
import { readLog } from "../store/run-log.js";
import { type CalibrationProcess, calibrateUndeterred } from "./disturbed-calibration.js";
import type { OwnProcess } from "./own-process.js";
import { differingFiles, runDigests } from "./run-bytes.js";

export interface Kill {
  /** 1, 2, ...; a run may be killed twice. */
  readonly run: number;
  /** Seconds from the process's start. */
  readonly afterSeconds: number;
  /** What it was at, for people. */
  readonly during: string;
  /** Recordings that were safe at that moment. */
  readonly kept: number;
}

export interface DisturbedRun {
  readonly kills: readonly Kill[];
  /** From the last kill to the end. */
  readonly secondsToEnd: number;
  /** Files whose bytes are not those of the undisturbed run. */
  readonly differing: readonly string[];
}

export interface ResumeStudy {
  /** Length of the undisturbed run. */
  readonly undisturbedSeconds: number;
  /** Files that are compared. */
  readonly files: number;
  readonly runs: readonly DisturbedRun[];
}

export interface ResumeStudyOptions {
  readonly calibration: CalibrationProcess;
  readonly kills: number;
  readonly rng: Rng;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called after each run with all that is known so far. */
  readonly onRun: (soFar: ResumeStudy, killsDone: number) => void;
}

/** Share of runs that are killed a second time. */
const secondKills = 0.25;

/** @throws signal.reason, and what a calibration that ends by itself says */
export async function studyResume(options: ResumeStudyOptions): Promise<ResumeStudy> {
  const { calibration, clock, rng, signal } = options;
  const seconds = (from: ReturnType<Clock["now"]>): number => elapsedMs(from, clock.now()) / 1000;
  const guarded = async (host: OwnProcess, disturb: () => Promise<void>): Promise<void> => {
    const stop = (): void => void host.kill();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await disturb();
      await host.gone;
    } finally {
      signal.removeEventListener("abort", stop);
      signal.throwIfAborted();
    }
  };
  const started = clock.now();
  await calibrateUndeterred(calibration, "undisturbed", (host) => guarded(host, async () => undefined));
  const undisturbedSeconds = seconds(started);
  const wanted = await runDigests(join(calibration.cwd, "undisturbed"));
  const runs: DisturbedRun[] = [];
  let done = 0;
  for (let run = 1; done < options.kills; run++) {
    const out = `run-${run}`;
    const directory = join(calibration.cwd, out);
    const kills: Kill[] = [];
    let quota = Math.min(options.kills - done, rng.uniform() < secondKills ? 2 : 1);
    let killedAt = clock.now();
    const disturb = async (host: OwnProcess): Promise<void> => {
      if (quota === 0) return;
      const from = clock.now();
      const over = new AbortController();
      void host.gone.finally(() => over.abort());
      await sleep(clock, 1000 * undisturbedSeconds * rng.uniform(), over.signal).catch(() => undefined);
      const afterSeconds = seconds(from);
      // It may have been faster than the undisturbed one: then there was nothing to kill.
      if (!(await host.kill())) return;
      killedAt = clock.now();
      quota--;
      kills.push({ run, afterSeconds, during: lastPhase(directory), kept: await countRecordings(directory) });
    };
    await calibrateUndeterred(calibration, out, (host) => guarded(host, () => disturb(host)));
    if (kills.length > 0) {
      const differing = differingFiles(wanted, await runDigests(directory));
      runs.push({ kills, secondsToEnd: seconds(killedAt), differing });
      done += kills.length;
      options.onRun({ undisturbedSeconds, files: wanted.size, runs: [...runs] }, done);
      // What differs is kept to be looked at.
      if (differing.length > 0) continue;
    }
    await rm(directory, { recursive: true, force: true });
  }
  return { undisturbedSeconds, files: wanted.size, runs };
}

/** The step that a killed process had begun, by its log. */
function lastPhase(directory: string): string {
  const last = readLog(directory).findLast(({ type }) => /^(session|phase)-(started|finished|ended)$/.test(type));
  if (last?.type === "phase-started") return last.label.replace(/ \(.*\)$/, "");
  if (last?.type === "phase-finished") return `after ${last.phase}`;
  return last === undefined ? "before the run" : "the start of a session";
}
