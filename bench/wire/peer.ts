/** The same packing as plain C, compiled with the machine's own compiler; absent where there is none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface PeerResult {
  readonly seconds: number;
  readonly checksum: number;
}

/** @returns results by task, or why there are none */
export function runPeer(counts: readonly number[]): Map<string, PeerResult> | string {
  const folder = mkdtempSync(join(tmpdir(), "hxloop-bench-"));
  try {
    const binary = join(folder, "wire");
    const compiled = spawnSync("cc", ["-O3", "-o", binary, resolve("bench/c/wire.c")], { encoding: "utf8" });
    if (compiled.error) return `no C compiler: ${compiled.error.message}`;
    if (compiled.status !== 0) return `cc failed: ${compiled.stderr}`;
    const run = spawnSync(binary, counts.map(String), { encoding: "utf8" });
    if (run.status !== 0) return `the C loop ended with ${run.status ?? run.signal}`;
    const lines = run.stdout.trim().split("\n");
    return new Map(
      lines.map((line) => {
        const [name = "", seconds, checksum] = line.split(" ");
        return [name, { seconds: Number(seconds), checksum: Number(checksum) }] as const;
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
