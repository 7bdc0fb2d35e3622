/**
 * The link under every fault at once. A slice runs here; `npm run soak` runs a million frames each way. A failure names
 * the wire, the faults and the seed, which are all it takes to run it again:
 * `SOAK_SEED=... SOAK_FRAMES=... npx vitest run --project suite test/soak`.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { FaultName } from "../../src/base/faults/fault-spec.js";
import { Rng } from "../../src/base/rng.js";
import { soak } from "./soak.js";

const frames = Number(process.env.SOAK_FRAMES ?? 1500);
const seed = Number(process.env.SOAK_SEED ?? 5);
const rates = process.env.SOAK_RATE ?? "0.05";
/** A standstill lasts 175 ms on average, in which hundreds of others could pass; it has a rate of its own. */
const stalls = process.env.SOAK_STALLS ?? "0.005";
const survivable = ["drop", "duplicate", "reorder", "corrupt", "truncate", "delay"];
const faults = [...survivable.map((name) => `${name}:${rates}`), `stall:${stalls}`].join(",");
const endings = Number(process.env.SOAK_ENDINGS ?? 6);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe.each(["datagrams", "frames"] as const)("a wire of %s", (wire) => {
  it(`delivers ${frames} frames each way exactly once and in order at ${rates} of every fault, in flat memory`, async () => {
    const marks: number[] = [];
    let early = 0;
    const started = performance.now();
    const result = await soak({
      wire,
      faults,
      seed,
      frames,
      onProgress(done) {
        if (done < (2 * frames * (marks.length + 1)) / 10) return;
        marks.push(heldBytes());
        if (marks.length === 2) early = marks[1] as number;
      },
    });
    const grown = (marks.at(-1) as number) - early;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const what = `${wire}, ${faults}, seed ${seed}`;
    if (frames > 100_000) console.log(`${what}: ${JSON.stringify({ ...result, seconds, grownBytes: grown, marks })}`);
    expect(result.wrong, what).toBeUndefined();
    expect(result.end, what).toBeUndefined();
    expect([result.atBoard, result.atHost], what).toEqual([result.sentByHost, result.sentByBoard]);
    for (const name of [...survivable, "stall"] as FaultName[]) {
      expect(result.toBoard[name], `${what}: ${name}`).toBeGreaterThan(0);
      expect(result.toHost[name], `${what}: ${name}`).toBeGreaterThan(0);
    }
    // From a fifth of the way to its end; what is in flight at the two moments differs by some windows at most.
    expect(grown, what).toBeLessThan(4 * 2 ** 20);
  }, 3_600_000);

  it("ends with one typed error when the board restarts or the cable is pulled, and what came was right", async () => {
    const rng = Rng.fromSeed(seed).fork("endings");
    for (let i = 0; i < endings; i++) {
      const ending = `${i % 2 === 0 ? "restart" : "disconnect"}:@${20 + rng.int(600)}`;
      const what = `${wire}, ${ending}, seed ${seed + i}`;
      const result = await soak({
        wire,
        faults: `drop:0.05,duplicate:0.05,reorder:0.05,${ending}`,
        seed: seed + i,
        frames: 3000,
      });
      expect(result.wrong, what).toBeUndefined();
      expect(["LinkTimeout", "LinkReset", "Disconnected"], what).toContain(result.end?._tag);
    }
  }, 600_000);
});
