/**
 * Circuit-steps per second of CPU time with noise on one thread, beside Brian2 and a C loop; the memory of a chip; and
 * experiments through the whole stack. CPU time, because other load on the machine changes it less than the time on the
 * wall.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadKernels } from "../../src/kernels/load.js";
import { KernelSpace } from "../../src/kernels/module.js";
import {
  AtomicNeuronOnDls,
  CommonNeuronBackendConfig,
  NeuronBackendBlockOnDls,
  SpikeCounterRead,
  SpikeCounterReset,
} from "../../src/protocol/index.js";
import { createChip } from "../../src/virtual-chip/index.js";
import { KernelStepper } from "../../src/virtual-chip/physics/kernel-stepper.js";
import { type CircuitStepper, ReferenceStepper } from "../../src/virtual-chip/physics/stepper.js";
import { experimentsBench } from "../experiments.js";
import { type Bench, type BenchRow, median, row } from "../harness.js";
import { integrate, makeCircuits } from "./circuits.js";
import { type Jobs, runBrian, runC } from "./peers.js";

const jobs: Jobs = [
  [1, 8_000_000],
  [512, 40_960],
  [8192, 4096],
];
/** Brian2 spends some 30 us on a step however few neurons it has. */
const brianJobs: Jobs = [
  [1, 40_000],
  [512, 20_000],
  [8192, 4000],
];
const repeats = 5;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function rate(work: () => void, circuitSteps: number): number {
  return median(
    Array.from({ length: repeats }, () => {
      const start = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(start);
      return (circuitSteps * 1e6) / (user + system);
    }),
  );
}

/** Bytes that a chip holds while all of its 512 neurons are integrated. */
function chipBytes(kernels: WebAssembly.Module): number {
  const held = (): number => {
    collect();
    collect();
    const { heapUsed, arrayBuffers, external } = process.memoryUsage();
    return heapUsed + Math.max(arrayBuffers, external);
  };
  const before = held();
  const chip = createChip({ seed: 1, kernels });
  for (const block of [0, 1]) {
    const [address] = CommonNeuronBackendConfig.addresses(NeuronBackendBlockOnDls.at(block));
    chip.write(address as number, 0xf335, 0xf);
  }
  for (let n = 0; n < AtomicNeuronOnDls.size; n++)
    chip.write(SpikeCounterReset.addresses(AtomicNeuronOnDls.at(n))[0] as number, 0, 0xf);
  chip.advanceTo(100_000);
  chip.read(SpikeCounterRead.addresses(AtomicNeuronOnDls.at(0))[0] as number);
  return held() - before;
}

export const chipBench: Bench = {
  name: "chip",
  about: "AdEx circuit-steps per second with noise on one thread, beside Brian2 and C; memory of a chip; experiments",
  async run(note) {
    const loaded = loadKernels();
    if (loaded.variant === "none") throw new Error(loaded.why);
    const kernel = new KernelStepper(new KernelSpace(loaded.module, 2 ** 21));
    const reference = new ReferenceStepper();
    const c = runC(jobs);
    if (typeof c === "string") note(`no C peer: ${c}`);
    const brian = runBrian(brianJobs);
    if (typeof brian === "string") note(`no Brian2 peer: ${brian}`);
    else
      note("Brian2: cython target, Euler with a noise value in each step; ours and C: ETD2RK, noise held for 4 steps");
    const rows: BenchRow[] = [];
    for (const [count, steps] of jobs) {
      const circuits = makeCircuits(count);
      const million = (perSecond: number): number => perSecond / 1e6;
      let first = 0;
      // Time goes on: circuits whose clock is set back stay in a pulse for ever.
      const goOn = (stepper: CircuitStepper, by: number): number => {
        const spikes = integrate(stepper, circuits, by, first);
        first += by;
        return spikes;
      };
      goOn(kernel, steps / 4);
      const ours = million(rate(() => goOn(kernel, steps), count * steps));
      const name = `${count} circuit${count === 1 ? "" : "s"}`;
      const add = (peer: string, rates: ReturnType<typeof runC>): void => {
        const value = typeof rates === "string" ? undefined : rates.get(count);
        if (value !== undefined) rows.push(row(name, ours, "M steps/s", "more", { name: peer, value: million(value) }));
      };
      add("Brian2", brian);
      add("C loop", c);
      const typescript = million(rate(() => goOn(reference, steps / 8), (count * steps) / 8));
      rows.push(row(name, ours, "M steps/s", "more", { name: "reference body", value: typescript }));
    }
    rows.push(row("memory of a chip, all neurons integrated", chipBytes(loaded.module) / 1e6, "MB", "less"));
    rows.push(...(await experimentsBench.run(note, [])));
    return rows;
  },
};
