/** The peers of the chip bench, each run as a program of its own; a peer that the machine does not have says why. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Circuit-steps per second by number of circuits, or why there are none. */
export type PeerRates = Map<number, number> | string;

/** How many circuits for how many steps. */
export type Jobs = readonly (readonly [circuits: number, steps: number])[];

function rates(command: string, args: readonly string[], jobs: Jobs): PeerRates {
  const run = spawnSync(command, [...args, ...jobs.flat().map(String)], { encoding: "utf8" });
  if (run.error) return run.error.message;
  if (run.status !== 0)
    return `${command} ended with ${run.status ?? run.signal}: ${run.stderr.trim().split("\n").at(-1)}`;
  return new Map(
    run.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number) as [number, number]),
  );
}

export function runC(jobs: Jobs): PeerRates {
  const folder = mkdtempSync(join(tmpdir(), "hxloop-bench-"));
  try {
    const binary = join(folder, "adex");
    const args = ["-O3", "-march=native", "-o", binary, resolve("bench/c/adex.c"), "-lm"];
    const compiled = spawnSync("cc", args, { encoding: "utf8" });
    if (compiled.error) return `no C compiler: ${compiled.error.message}`;
    if (compiled.status !== 0) return `cc failed: ${compiled.stderr}`;
    return rates(binary, [], jobs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first Python that has Brian2: the one in the path, or the system's. */
export function runBrian(jobs: Jobs): PeerRates {
  for (const python of ["python3", "/usr/bin/python3"]) {
    if (spawnSync(python, ["-c", "import brian2"]).status === 0)
      return rates(python, [resolve("bench/python/adex.py")], jobs);
  }
  return "no Python with Brian2 (Debian: python3-brian)";
}
