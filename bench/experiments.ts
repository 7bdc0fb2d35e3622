/**
 * Experiments per second through the whole stack: new codes, settling, one millisecond of MADC trace, decoded. Compilers
 * have had their time before the clock starts, and recordings are let go once they are handed on, as a data set does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { openDevice } from "../src/api/index.js";
import { Rng } from "../src/base/rng.js";
import { paperTask, type RunStore } from "../src/calib/index.js";
import { Recorder } from "../src/calib/recording/recorder.js";
import { type Bench, type BenchRow, row, timeMs } from "./harness.js";

const count = 2000;
const warmUp = 1000;

/** Keeps nothing: what a data set makes of recordings is not measured here. */
const noStore: RunStore = {
  getBatch: async () => undefined,
  putBatch: async () => {},
  putNetwork: async () => {},
  putResult: async () => {},
};

/** CPU time of each thread of this process so far, ms; none where the system does not tell. */
function threadTimes(): Map<string, number> {
  const root = "/proc/self/task";
  try {
    const times = readdirSync(root).map((thread) => {
      const [nanoseconds] = readFileSync(`${root}/${thread}/schedstat`, "utf8").split(" ");
      return [thread, Number(nanoseconds) / 1e6] as const;
    });
    return new Map(times);
  } catch {
    return new Map();
  }
}

interface Measured {
  readonly perSecond: number;
  /** CPU time of an experiment, ms: of all threads, and of the busiest first. */
  readonly cpuMs: number;
  readonly threadsMs: readonly number[];
}

async function measure(url: string): Promise<Measured> {
  const device = await openDevice(url);
  const session = await device.openSession({ chains: true });
  const recorder = new Recorder(session, { task: paperTask, neuron: 0, seed: 1 }, noStore);
  const rng = Rng.fromSeed(1);
  const theta = (n: number): Int32Array => Int32Array.from({ length: 2 * n }, () => rng.int(1023));
  await recorder.record("warm-up", theta(warmUp), () => {});
  const start = process.cpuUsage();
  const before = threadTimes();
  const ms = await timeMs(() => recorder.record("bench", theta(count), () => {}));
  const { user, system } = process.cpuUsage(start);
  const threadsMs = [...threadTimes()]
    .map(([thread, time]) => (time - (before.get(thread) ?? 0)) / count)
    .sort((a, b) => b - a);
  await session.close();
  await device.close();
  return { perSecond: (count * 1000) / ms, cpuMs: (user + system) / 1000 / count, threadsMs };
}

export const experimentsBench: Bench = {
  name: "experiments",
  about: `${count} settings of the two-parameter task on a virtual chip, through the wire protocol`,
  async run(note) {
    const { timing, stimulus } = paperTask;
    const settleMs = timing.settleUs / 1000;
    const traceMs = (stimulus.endUs + timing.madcWarmUpUs + 2 * timing.marginUs) / 1000;
    note(`the peer is what silicon cannot beat: ${settleMs} ms of settling and ${traceMs} ms of trace, computed`);
    const silicon = { name: "silicon's limit (computed)", value: 1000 / (settleMs + traceMs) };
    const rows: BenchRow[] = [];
    for (const threads of new Set([1, Math.min(4, availableParallelism())])) {
      const { perSecond, cpuMs, threadsMs } = await measure(`virtual:?chip=1&threads=${threads}`);
      const [busiest = 0, second = 0] = threadsMs;
      const name = `threads=${threads}`;
      rows.push(row(`${name}: experiments`, perSecond, "per second", "more", silicon));
      rows.push(row(`${name}: CPU time of an experiment, all threads`, cpuMs, "ms", "less"));
      if (busiest === 0) continue;
      rows.push(row(`${name}: CPU time of the busiest thread`, busiest, "ms", "less"));
      rows.push(row(`${name}: CPU time of the second busiest`, second, "ms", "less"));
    }
    return rows;
  },
};
