/** Experiments per second through the whole stack: new codes, settling, one millisecond of MADC trace, decoded. */
import { openDevice } from "../src/api/index.js";
import { Rng } from "../src/base/rng.js";
import { MemoryRunStore, paperTask } from "../src/calib/index.js";
import { Recorder } from "../src/calib/recording/recorder.js";
import { type Bench, row, timeMs } from "./harness.js";

const count = 400;

export const experimentsBench: Bench = {
  name: "experiments",
  about: `${count} settings of the two-parameter task on virtual:?chip=1, through the wire protocol`,
  async run(note) {
    const device = await openDevice("virtual:?chip=1");
    const session = await device.openSession();
    const recorder = new Recorder(session, { task: paperTask, neuron: 0, seed: 1 }, new MemoryRunStore());
    const rng = Rng.fromSeed(1);
    const theta = (n: number): Int32Array => Int32Array.from({ length: 2 * n }, () => rng.int(1023));
    await recorder.record("warm-up", theta(40), () => {});
    const start = process.cpuUsage();
    const ms = await timeMs(() => recorder.record("bench", theta(count), () => {}));
    const { user, system } = process.cpuUsage(start);
    await session.close();
    await device.close();
    const settleMs = paperTask.timing.settleUs / 1000;
    const traceMs = (paperTask.stimulus.endUs + paperTask.timing.madcWarmUpUs + 2 * paperTask.timing.marginUs) / 1000;
    note(`the peer is what silicon cannot beat: ${settleMs} ms of settling and ${traceMs} ms of trace, computed`);
    const silicon = { name: "silicon's limit (computed)", value: 1000 / (settleMs + traceMs) };
    return [
      row("experiments", (count * 1000) / ms, "per second", "more", silicon),
      row("CPU time of an experiment, all threads", (user + system) / 1000 / count, "ms", "less"),
    ];
  },
};
