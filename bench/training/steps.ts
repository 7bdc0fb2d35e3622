/** Rows of training steps and of draws, each beside PyTorch doing the same step in this run. */
import { openKernels } from "../../src/api/open-kernels.js";
import { type BenchRow, median, row } from "../harness.js";
import { drawTimes, stepCases, stepTimes } from "./density-steps.js";
import { runPeer } from "./peer.js";

const secondsPerCase = 2;
const stepsPerCase = 300;
const draws = 10_000;

export function stepRows(note: (line: string) => void): BenchRow[] {
  const kernels = openKernels();
  note(`kernels: ${kernels.variant}`);
  const peer = runPeer(secondsPerCase);
  if (typeof peer === "string") note(peer);
  else note(`peer: PyTorch ${peer.version}, one and two threads, the faster of both`);
  const rows = stepCases.map((step) => {
    const own = median(stepTimes(kernels, step, stepsPerCase));
    const other = typeof peer === "string" ? undefined : peer.ms.get(step.peer);
    const label = other === undefined ? undefined : { name: `PyTorch (${other.threads} thr)`, value: other.value };
    return row(step.name, own, "ms", "less", label);
  });
  return [...rows, row(`${draws} draws, spline flow of 10 parameters`, drawTimes(kernels, draws, 11), "ms", "less")];
}
