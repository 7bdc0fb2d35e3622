/**
 * What studies on chips and neurons have in common on the command line: flags, devices, progress, kept recordings, and
 * what a figure was measured on.
 */
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { OpenedDevice } from "../../api/open-device.js";
import { openKernels } from "../../api/open-kernels.js";
import { TrainingThreads } from "../../api/training-threads.js";
import { elapsedMs } from "../../base/clock.js";
import { isHxError } from "../../base/errors.js";
import { type EmbeddingKind, embeddingKinds } from "../../calib/embedding/feature-source.js";
import { Progress } from "../../calib/progress.js";
import type { StudyContext } from "../../calib/study/study-run.js";
import type { Session } from "../../device/interface/index.js";
import type { Context } from "../context.js";
import { integer, integers, nonEmpty, oneOf } from "../options.js";
import { makeDisplay } from "../progress/display.js";
import { type Conditions, conditions, conditionsLine } from "./conditions.js";
import { traceCache } from "./trace-cache.js";

export interface PopulationFlags {
  readonly chips: readonly number[];
  readonly preset: string;
  readonly device?: string;
  readonly neurons: readonly number[];
  readonly seeds: readonly number[];
  readonly simulations: number;
  readonly embedding: EmbeddingKind;
  readonly members: number;
  readonly out?: string;
  readonly json?: true;
  readonly quiet?: true;
}

const studiesFolder = "studies";

/**
 * Options that studies of a population have. @param standard what they are when they are not given
 * @param without those that a study does not have
 */
export function withPopulation(
  command: Command,
  standard: { readonly chips: string; readonly neurons: string; readonly simulations: number },
  without: readonly ("seeds" | "embedding")[] = [],
): Command {
  const list = (flag: string, text: string, [min, max]: readonly [number, number], usual: string): Option => {
    const parse = integers(`--${flag}`, min, max);
    return new Option(`--${flag} <LIST>`, text).argParser(parse).default(parse(usual), usual);
  };
  command
    .addOption(list("chips", "virtual chips by their numbers", [0, 1_000_000], standard.chips))
    .option("--preset <NAME>", "imperfections of the virtual chips", nonEmpty, "typical")
    .option("--device <URL>", "boards in place of virtual chips; several with blanks between", nonEmpty)
    .addOption(list("neurons", "neurons of each chip", [0, 511], standard.neurons));
  if (!without.includes("seeds")) command.addOption(list("seeds", "the study is done for each", [0, 1e9], "1"));
  if (!without.includes("embedding")) {
    const text = `what estimators see of a trace: ${embeddingKinds.join(", ")}`;
    command.option("--embedding <KIND>", text, oneOf("--embedding", embeddingKinds), "spike-features");
  }
  return command
    .option(
      "--simulations <N>",
      "emulations per seed to learn from",
      integer("--simulations", 100, 1_000_000),
      standard.simulations,
    )
    .option("--members <N>", "networks in an ensemble", integer("--members", 1, 10), 4)
    .option(
      "--out <DIR>",
      `where recordings are kept; the same command goes on there (default: ${studiesFolder}/NAME)`,
      nonEmpty,
    )
    .option("--json", "print one JSON object on stdout instead of text")
    .option("--quiet", "no progress");
}

export interface StudyOutcome<T> {
  readonly study: T;
  readonly conditions: Conditions;
  /** Of wall time, and of all threads of this process. */
  readonly seconds: { readonly record: number; readonly train: number; readonly total: number; readonly cpu: number };
}

/** Names of the chips that the flags mean. */
export function chipsOf({ chips, preset, device }: Pick<PopulationFlags, "chips" | "preset" | "device">): string[] {
  if (device !== undefined) return device.trim().split(/\s+/);
  return chips.map((chip) => `virtual:?chip=${chip}&preset=${preset}`);
}

/** Open what the study asks for, run it, close everything, whatever happens. */
export async function runPopulationStudy<T>(
  context: Context,
  name: string,
  flags: PopulationFlags,
  study: (context: StudyContext) => Promise<T>,
): Promise<StudyOutcome<T>> {
  const { terminal, clock, interrupts, logger } = context;
  const { signal } = interrupts;
  const folder = flags.out ?? join(studiesFolder, name);
  const { openDevice } = await import("../../api/open-device.js");
  const display = makeDisplay(terminal, clock, flags.quiet === true);
  const progress = new Progress(clock, display.listener);
  const threads = new TrainingThreads();
  const opened: { device: OpenedDevice; session: Session }[] = [];
  const sessions = new Map<string, Session>();
  const from = clock.now();
  interrupts.lastWords = () => `recordings are kept in ${folder}; the same command goes on with them`;
  try {
    const done = await study({
      openChip: async (url) => {
        const known = sessions.get(url);
        if (known !== undefined) return known;
        const device = await patiently(() => openDevice(url, { signal, logger }));
        const session = await device.openSession({ signal, chains: true });
        opened.push({ device, session });
        sessions.set(url, session);
        return session;
      },
      cache: traceCache(folder),
      kernels: openKernels(),
      host: threads,
      progress,
      signal,
    });
    const { user, system } = process.cpuUsage();
    const { record, train } = progress.spent();
    const total = elapsedMs(from, clock.now()) / 1000;
    return { study: done, conditions: conditions(), seconds: { record, train, total, cpu: (user + system) / 1e6 } };
  } finally {
    display.stop();
    await threads.close();
    for (const { device, session } of opened) {
      await session.close().catch(() => undefined);
      await device.close().catch(() => undefined);
    }
  }
}

/** Times that a chip is opened before it counts as silent: on a busy machine a virtual board may be late. */
const attempts = 3;

async function patiently<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === attempts || !isHxError(error, "LinkTimeout")) throw error;
    }
  }
}

/** Flags as they would be written again, without those that change nothing of the result. */
function commandLine(name: string, flags: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(flags).flatMap(([key, value]) => {
    if (["json", "quiet", "out"].includes(key) || value === undefined) return [];
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (!Array.isArray(value)) return [flag, String(value)];
    return [flag, typeof value[0] === "number" ? ranges(value) : value.join(",")];
  });
  return ["hxloop study", name, ...words].join(" ");
}

/** `0-3,17` */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([a, b]) => (a === b ? String(a) : `${a}-${b}`)).join(",");
}

/** Print what a study has found: one JSON object, or a page that `lines` goes on with. */
export function tellStudy<T>(
  { terminal }: Context,
  name: string,
  title: string,
  flags: PopulationFlags,
  outcome: StudyOutcome<T>,
  lines: (study: T) => readonly string[],
): void {
  const command = commandLine(name, { ...flags });
  if (flags.json) {
    terminal.result(JSON.stringify({ schema: `hxloop.study.${name}/1`, command, ...outcome }));
    return;
  }
  const head = [`# ${title}`, "", conditionsLine(command, outcome.conditions), costLine(outcome), ""];
  terminal.result([...head, ...lines(outcome.study)].join("\n"));
}

/** Load and seconds in a sentence. */
function costLine({ seconds }: StudyOutcome<unknown>): string {
  const { record, train, total, cpu } = seconds;
  return `Seconds: ${total.toFixed(0)} in all, ${record.toFixed(0)} recording, ${train.toFixed(0)} training; ${cpu.toFixed(0)} s of CPU time.`;
}
