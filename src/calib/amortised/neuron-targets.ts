/** The first recordings of many neurons: what each is to do, and the probe that tells one from the other. */
import { TargetUnreachable, TooFewSamples } from "../errors.js";
import { pickRows } from "../recording/neuron-traces.js";
import { countSpikes } from "../target/spikes.js";
import { traceOnGrid } from "../target/trace.js";
import { traceRules } from "../task/task.js";
import { defectOf } from "./neuron-checks.js";
import type { NeuronsRun } from "./neurons-run.js";
import type { PopulationTraces } from "./population.js";
import { probeCount } from "./probe.js";
import { probeWanted } from "./shared-training.js";

/** @throws TargetUnreachable when no neuron has one */
export async function obtainTargets(run: NeuronsRun): Promise<void> {
  const { task, target } = run.request;
  const { length } = task.grid;
  if (target.kind === "trace") {
    const trace = traceOnGrid(target, traceRules(task));
    for (const candidate of run.candidates) candidate.target = trace;
    for (const note of target.notes ?? []) run.progress.notice(note);
    return;
  }
  const wanted = run.candidates.map(({ member, truth }) => ({ member, theta: truth as Int32Array }));
  const set = await run.record("target", "targets", "recording the targets", wanted);
  for (const [i, candidate] of run.candidates.entries()) {
    const row = set.rowOf[i] as number;
    const trace = row < 0 ? undefined : set.traces.slice(row * length, (row + 1) * length);
    candidate.target = trace;
    if (trace === undefined) candidate.failure = "its target could not be recorded";
    else if (countSpikes(task, trace) === 0) candidate.failure = "its target never spikes";
  }
  if (run.alive.length === 0) throw new TargetUnreachable("of every neuron", "never spikes or could not be recorded");
}

/** Record the probes; defects show here. @throws TooFewSamples */
export async function recordProbe(run: NeuronsRun): Promise<PopulationTraces> {
  const { task } = run.request;
  const settings = probeCount(task);
  const members = run.candidates.map(({ member }) => member);
  const probe = await run.record("record", "probe", "recording the probe of each neuron", probeWanted(task, members));
  run.recordings.probe = members.length * settings;
  for (const candidate of run.candidates) {
    const rows = [...probe.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
    const defect = defectOf(task, pickRows(probe.traces, task.grid.length, rows), rows.length, settings);
    if (defect !== undefined) candidate.failure = defect;
  }
  const { length } = run.alive;
  if (length < 2) {
    const reasons = [...new Set(run.candidates.flatMap(({ failure }) => failure ?? []))].join("; ");
    throw new TooFewSamples("probe", length, run.candidates.length, 2, reasons);
  }
  return probe;
}
