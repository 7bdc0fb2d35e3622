/** Rows of training steps and of draws, each beside PyTorch doing the same step in this run, with one thread and two. */
import { GradientThreads } from "../../src/api/gradient-threads.js";
import { openKernels } from "../../src/api/open-kernels.js";
import { type BenchRow, median, row } from "../harness.js";
import { autoencoderTimes } from "./autoencoder-steps.js";
import { drawTimes, type StepCase, stepCases, stepTimes } from "./density-steps.js";
import { runPeer } from "./peer.js";

const secondsPerCase = 2;
const stepsPerCase = 300;
const draws = 10_000;

/** @param note tells for people where the bench stands */
export async function stepRows(note: (line: string) => void): Promise<BenchRow[]> {
  const kernels = openKernels();
  note(`kernels: ${kernels.variant}`);
  const peer = runPeer(secondsPerCase);
  note(typeof peer === "string" ? peer : `peer: PyTorch ${peer.version}`);
  const beside = (name: string, own: readonly number[], peerName: string, threads: 1 | 2): BenchRow => {
    const other = typeof peer === "string" ? undefined : peer.ms[threads - 1]?.get(peerName);
    const label = other === undefined ? undefined : { name: `PyTorch (${threads} thr)`, value: other };
    return row(`${name}, ${threads} thr`, median(own), "ms", "less", label);
  };
  const helpers = new GradientThreads(1);
  const rows: BenchRow[] = [];
  try {
    for (const step of stepCases) {
      note(step.name);
      const times = (own: StepCase, threads: GradientThreads | undefined): number[] =>
        stepTimes(kernels, own, stepsPerCase, threads);
      rows.push(beside(step.name, times(step, undefined), step.peer, 1));
      rows.push(beside(step.name, times(step, helpers), step.peer, 2));
    }
  } finally {
    await helpers.close();
  }
  note("autoencoder and draws");
  rows.push(
    beside("autoencoder step, 64 traces of 2048 points", autoencoderTimes(kernels, 2048, 40), "autoencoder-2048", 1),
  );
  rows.push(row(`${draws} draws, spline flow of 10 parameters`, drawTimes(kernels, draws, 11), "ms", "less"));
  return rows;
}
