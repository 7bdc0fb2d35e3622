/**
 * Experiments per second through the whole stack: new codes, settling, one millisecond of MADC trace, decoded. Compilers
 * have had their time before the clock starts, and recordings are let go once they are handed on, as a data set does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { openDevice } from "../src/api/index.js";
import { Rng } from "../src/base/rng.js";
import { paperTask, type RunStore } from "../src/calib/index.js";
import { Recorder } from "../src/calib/recording/recorder.js";
import { type Bench, row, timeMs } from "./harness.js";

const count = 1200;
const warmUp = 200;

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

export const experimentsBench: Bench = {
  name: "experiments",
  about: `${count} settings of the two-parameter task on virtual:?chip=1, through the wire protocol`,
  async run(note) {
    const device = await openDevice("virtual:?chip=1");
    const session = await device.openSession();
    const recorder = new Recorder(session, { task: paperTask, neuron: 0, seed: 1 }, noStore);
    const rng = Rng.fromSeed(1);
    const theta = (n: number): Int32Array => Int32Array.from({ length: 2 * n }, () => rng.int(1023));
    await recorder.record("warm-up", theta(warmUp), () => {});
    const start = process.cpuUsage();
    const threadsBefore = threadTimes();
    const ms = await timeMs(() => recorder.record("bench", theta(count), () => {}));
    const { user, system } = process.cpuUsage(start);
    const threads = [...threadTimes()].map(([thread, time]) => (time - (threadsBefore.get(thread) ?? 0)) / count);
    const [busiest = 0, second = 0] = threads.sort((a, b) => b - a);
    await session.close();
    await device.close();
    const settleMs = paperTask.timing.settleUs / 1000;
    const traceMs = (paperTask.stimulus.endUs + paperTask.timing.madcWarmUpUs + 2 * paperTask.timing.marginUs) / 1000;
    note(`the peer is what silicon cannot beat: ${settleMs} ms of settling and ${traceMs} ms of trace, computed`);
    const silicon = { name: "silicon's limit (computed)", value: 1000 / (settleMs + traceMs) };
    return [
      row("experiments", (count * 1000) / ms, "per second", "more", silicon),
      row("CPU time of an experiment, all threads", (user + system) / 1000 / count, "ms", "less"),
      ...(busiest > 0
        ? [
            row("CPU time of the busiest thread", busiest, "ms", "less"),
            row("CPU time of the second busiest", second, "ms", "less"),
          ]
        : []),
    ];
  },
};
