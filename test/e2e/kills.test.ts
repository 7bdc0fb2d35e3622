/**
 * A slice of `npm run results:kills`: one SIGKILL each of board, gateway and host while calibrations go on. No run that
 * was acknowledged is lost, none is sent twice, and every posterior is that of an undisturbed calibration.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const study = fileURLToPath(new URL("../../scripts/results/kill-study.mjs", import.meta.url));

it("survives one kill each of board, gateway and host", { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hxloop-kill-slice-"));
  try {
    const record = join(folder, "kills.json");
    const child = spawn(process.execPath, [study, "--kills", "3", "--cycle", "--minutes", "8", "--record", record], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = (await once(child, "close")) as [number | null];
    expect(code, said).toBe(0);
    const [piece] = JSON.parse(await readFile(record, "utf8")) as Record<string, unknown>[];
    expect(piece, said).toMatchObject({
      kills: { board: 1, gateway: 1, host: 1 },
      otherPosterior: 0,
      startedTwice: 0,
      complaints: [],
      user: { lost: 0, sentTwice: 0, answeredUnsent: 0 },
    });
    expect(Number(piece?.samePosterior)).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
