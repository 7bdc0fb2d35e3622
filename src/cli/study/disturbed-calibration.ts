/**
 * A calibration that is killed on its way, as a lab would meet it: `hxloop calibrate` as a process, gone on with by
 * `--resume` until it ends. Who disturbs it, and when, is the caller's.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../exit-codes.js";
import { OwnProcess } from "./own-process.js";

export interface CalibrationProcess {
  /** Script that starts the command line. */
  readonly binary: string;
  /** Working directory, under which the run's folder lies. */
  readonly cwd: string;
  /** Arguments that a new run and a resumed one share, for example the device. */
  readonly shared: readonly string[];
  /** Arguments of a new run alone. */
  readonly request: readonly string[];
}

/**
 * @param out folder of the run, relative to the working directory
 * @param disturb called with each process when it has been started; may kill it
 * @returns how often it was started
 * @throws Error when it ends by itself with anything but success or a lost device
 */
export async function calibrateUndeterred(
  { binary, cwd, shared, request }: CalibrationProcess,
  out: string,
  disturb: (host: OwnProcess) => Promise<void>,
): Promise<number> {
  for (let starts = 1; ; starts++) {
    const isBegun = existsSync(join(cwd, out, "run.json"));
    const own = isBegun ? ["--resume", out] : [...request, "--out", out];
    const host = new OwnProcess([binary, "calibrate", ...shared, ...own, "--quiet"], cwd);
    host.start();
    const disturbing = disturb(host);
    const { code, text } = await host.gone;
    await disturbing;
    if (code === exitCodes.ok) return starts;
    if (code !== null && code !== exitCodes.device) throw new Error(`calibrate ended with ${code}: ${text}`);
  }
}
