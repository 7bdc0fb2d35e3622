/** `hxloop show DIR`: what a run asked for, how far it got, what it found. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { calibrationResult } from "../../calib/result.js";
import { duration } from "../../report/format.js";
import { renderTerminalSummary } from "../../report/terminal-summary.js";
import type { Context } from "../context.js";
import { neuronsTable } from "../neurons-assignment.js";
import { nonEmpty } from "../options.js";
import { describeUnfinished } from "../store/describe.js";
import { readManifest } from "../store/manifest.js";
import { readResult } from "../store/run-folder.js";
import { type LogEntry, readLog } from "../store/run-log.js";
import { type RunSummary, summariseRun } from "../store/run-summary.js";

export function showCommand(context: Context): Command {
  return new Command("show")
    .description("Summarise a run: request, progress, result, doubts.")
    .argument("<DIR>", "run folder, as named at the end of a calibration", nonEmpty)
    .option("--log", "also the course of the run, line by line")
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExample:\n  $ hxloop show runs/paper-n0-s1-1")
    .action((directory: string, flags: ShowFlags) => show(context, directory, flags));
}

interface ShowFlags {
  readonly log?: true;
  readonly json?: true;
}

/** @throws RunFolderInvalid */
async function show({ terminal }: Context, directory: string, flags: ShowFlags): Promise<void> {
  const manifest = await readManifest(directory);
  const summary = await summariseRun(directory);
  const data = await readResult(directory);
  const unfinished = await describeUnfinished(directory, manifest);
  const log = readLog(directory);
  if (flags.json) {
    const { request, device, versions, reason } = manifest;
    const result = data === undefined ? null : calibrationResult(data, directory);
    const course = flags.log ? { log } : {};
    const whole = { schema: "hxloop.show/1", ...summary, request, board: device, versions, reason, result, ...course };
    return terminal.result(JSON.stringify(whole));
  }
  const lines = [...headOf(summary, log), ...(data === undefined ? [] : ["", renderTerminalSummary(data).trimEnd()])];
  if (data !== undefined && data.facts.notices.length > 0) {
    lines.push("", "Read this first:", ...data.facts.notices.map((text) => `  - ${text}`));
  }
  const table = join(directory, neuronsTable);
  if (existsSync(table)) lines.push("", (await readFile(table, "utf8")).trimEnd());
  if (flags.log) lines.push("", ...log.map(lineOf));
  terminal.result(lines.join("\n"));
  if (unfinished !== undefined) terminal.say(`${terminal.paint("yellow", "note:")} ${unfinished}`);
}

function headOf(summary: RunSummary, log: readonly LogEntry[]): string[] {
  const { run, state, task, neurons, seed, device, target, simulations, rounds, recordings, seconds } = summary;
  const sessions = log.at(-1)?.session ?? 0;
  return [
    `${run}: ${state}`,
    `  task ${task}, ${neurons.length === 1 ? "neuron" : "neurons"} ${neurons.join(" ")}, seed ${seed}, target ${target}`,
    `  device ${device}`,
    `  budget ${simulations} emulations in ${rounds} ${rounds === 1 ? "round" : "rounds"}; ${recordings} recordings are kept`,
    `  ${duration(seconds)} in ${sessions} ${sessions === 1 ? "session" : "sessions"}, begun ${summary.startedAt}, last word ${summary.updatedAt}`,
  ];
}

function lineOf(entry: LogEntry): string {
  const place = `${entry.at}  ${String(entry.session).padStart(2)}  ${entry.elapsed.toFixed(1).padStart(8)} s  `;
  switch (entry.type) {
    case "session-started":
      return `${place}session on ${entry.device}, backend ${entry.backend}`;
    case "phase-started":
      return `${place}${entry.label}: ${entry.total} ${entry.unit}`;
    case "phase-progress":
      return `${place}  ${entry.phase}: ${entry.done}${entry.detail === undefined ? "" : `, ${entry.detail}`}`;
    case "phase-finished":
      return `${place}${entry.phase} done in ${duration(entry.seconds)}${entry.detail === undefined ? "" : `, ${entry.detail}`}`;
    case "notice":
      return `${place}note: ${entry.text}`;
    case "session-ended":
      return `${place}session ended: ${entry.state}${entry.reason === null ? "" : `, ${entry.reason}`}`;
  }
}
