/** Rows of training steps and of draws, each beside PyTorch doing the same step in this run. */
import { openKernels } from "../../src/api/open-kernels.js";
import { type BenchRow, median, row } from "../harness.js";
import { autoencoderTimes } from "./autoencoder-steps.js";
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
  const beside = (name: string, own: readonly number[], peerName: string): BenchRow => {
    const other = typeof peer === "string" ? undefined : peer.ms.get(peerName);
    const label = other === undefined ? undefined : { name: `PyTorch (${other.threads} thr)`, value: other.value };
    return row(name, median(own), "ms", "less", label);
  };
  const rows = [
    ...stepCases.map((step) => beside(step.name, stepTimes(kernels, step, stepsPerCase), step.peer)),
    beside("autoencoder step, 64 traces of 2048 points", autoencoderTimes(kernels, 2048, 40), "autoencoder-2048"),
  ];
  return [...rows, row(`${draws} draws, spline flow of 10 parameters`, drawTimes(kernels, draws, 11), "ms", "less")];
}
