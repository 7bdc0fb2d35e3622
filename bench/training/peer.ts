/** The same training steps in PyTorch, where the system's Python has it. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

export interface PeerSteps {
  readonly version: string;
  /** Milliseconds per step at one thread, and at two. */
  readonly ms: readonly [ReadonlyMap<string, number>, ReadonlyMap<string, number>];
}

/** Pythons that may have the package: the system's own first. */
const pythons = ["/usr/bin/python3", "python3"];

/** @param secondsPerCase time for each case and number of threads @returns the steps, or why there are none */
export function runPeer(secondsPerCase: number): PeerSteps | string {
  const python = pythons.find((path) => spawnSync(path, ["-c", "import torch"]).status === 0);
  if (python === undefined) return "no PyTorch: on Debian, apt install python3-torch";
  let version = "";
  const ms: Map<string, number>[] = [];
  for (const threads of [1, 2]) {
    const run = spawnSync(python, [resolve("bench/peers/training.py"), String(threads), String(secondsPerCase)], {
      encoding: "utf8",
      env: { ...process.env, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) },
    });
    if (run.status !== 0)
      return `PyTorch ended with ${run.status ?? run.signal}: ${run.stderr.trim().split("\n").at(-1)}`;
    const found = JSON.parse(run.stdout) as { torch: string; ms: Record<string, number> };
    version = found.torch;
    ms.push(new Map(Object.entries(found.ms)));
  }
  return { version, ms: ms as [Map<string, number>, Map<string, number>] };
}
