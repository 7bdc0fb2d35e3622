/** `hxloop study resume`: kill a calibration at random moments, go on with it, and compare every byte of the result. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { elapsedMs } from "../../base/clock.js";
import { Rng } from "../../base/rng.js";
import { requestLimits } from "../../calib/request.js";
import { type Context, defaultDevice } from "../context.js";
import { ResultNotRepeated } from "../errors.js";
import { integer, integers, nonEmpty } from "../options.js";
import { formatDuration } from "../progress/render.js";
import { conditions, conditionsLine, markdownTable } from "../study/conditions.js";
import type { DisturbedRun, ResumeStudy } from "../study/resume-study.js";

interface ResumeFlags {
  readonly kills: number;
  readonly seed: number;
  readonly device?: string;
  readonly task: string;
  readonly neuron: number;
  readonly neurons?: readonly number[];
  readonly simulations: number;
  readonly rounds: number;
  readonly json?: true;
}

export function resumeStudyCommand(context: Context): Command {
  const ranged = (flag: keyof typeof requestLimits, text: string, standard: number): Option => {
    const [min, max] = requestLimits[flag];
    const option = new Option(`--${flag} <N>`, `${text}, ${min}..${max}`);
    return option.argParser(integer(`--${flag}`, min, max)).default(standard);
  };
  return new Command("resume")
    .description("Kill a calibration at random moments, go on with it, compare every byte of its result.")
    .option("--kills <N>", "how many", integer("--kills", 1, 10_000), 10)
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option("--task <NAME|FILE>", "what is inferred", nonEmpty, "paper")
    .addOption(ranged("neuron", "the neuron", 0))
    .option("--neurons <LIST>", "many neurons in place of one, for example 0-3", integers("--neurons", 0, 511))
    .addOption(ranged("seed", "the calibration and the moments of the kills follow from it", 1))
    .addOption(ranged("simulations", "emulations of each run", 100))
    .addOption(ranged("rounds", "rounds of inference of each run", 2))
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExample:\n  $ hxloop study resume --kills 50 --seed 1 --simulations 120 --rounds 2")
    .action((flags: ResumeFlags) => studyResumeCommand(context, flags));
}

/** @throws ResultNotRepeated, signal.reason */
async function studyResumeCommand(context: Context, flags: ResumeFlags): Promise<void> {
  const { terminal, clock, interrupts } = context;
  const { kills, seed, neuron, neurons, simulations, rounds } = flags;
  const device = flags.device ?? defaultDevice;
  const task = flags.task.endsWith(".toml") ? resolve(flags.task) : flags.task;
  const { studyResume } = await import("../study/resume-study.js");
  const scratch = await mkdtemp(join(tmpdir(), "hxloop-resume-"));
  const which = neurons === undefined ? ["--neuron", neuron] : ["--neurons", neurons.join(",")];
  const request = ["--task", task, ...which, "--seed", seed, "--simulations", simulations];
  const from = clock.now();
  terminal.say(`the undisturbed run, in ${scratch}`);
  let soFar: ResumeStudy | undefined;
  try {
    await studyResume({
      calibration: {
        binary: process.argv[1] ?? "",
        cwd: scratch,
        shared: ["--device", device],
        request: [...request.map(String), "--rounds", String(rounds), "--demo-target"],
      },
      kills,
      rng: Rng.fromSeed(seed).fork("kills"),
      clock,
      signal: interrupts.signal,
      onRun: (study, done) => {
        soFar = study;
        terminal.say(lineOf(study.runs.at(-1), done, kills, elapsedMs(from, clock.now()) / 1000));
      },
    });
  } finally {
    // Also of a study that is broken off: what was seen was seen.
    const differing = soFar?.runs.filter((run) => run.differing.length > 0).length ?? 0;
    if (soFar !== undefined) present(context, soFar, { ...flags, device });
    if (differing === 0) await rm(scratch, { recursive: true, force: true });
  }
  const differing = soFar?.runs.filter((run) => run.differing.length > 0).length ?? 0;
  if (differing > 0) throw new ResultNotRepeated(differing, soFar?.runs.length ?? 0, scratch);
}

function present({ terminal }: Context, study: ResumeStudy, flags: ResumeFlags & { device: string }): void {
  const { json, ...options } = flags;
  const known = conditions();
  const same = study.runs.filter(({ differing }) => differing.length === 0).length;
  const words = Object.entries(options).map(([name, value]) => `--${name} ${value}`);
  const whole = { schema: "hxloop.study.resume/1", ...options, conditions: known, same, ...study };
  const text = (): string => textOf(study, conditionsLine(`hxloop study resume ${words.join(" ")}`, known));
  terminal.result(json ? JSON.stringify(whole) : text());
}

function lineOf(run: DisturbedRun | undefined, done: number, kills: number, seconds: number): string {
  if (run === undefined) return "";
  const how = run.kills.map((k) => `after ${k.afterSeconds.toFixed(1)} s (${k.during})`).join(" and ");
  const end = run.differing.length === 0 ? "same bytes" : `${run.differing.length} files DIFFER`;
  const left = done < kills ? `  ${formatDuration((seconds / done) * (kills - done))} left` : "";
  return `${done}/${kills} kills: ${how}, went on for ${run.secondsToEnd.toFixed(1)} s: ${end}${left}`;
}

function textOf({ undisturbedSeconds, files, runs }: ResumeStudy, head: string): string {
  const rows = runs.flatMap((run) =>
    run.kills.map((kill, k) => {
      const isLast = k === run.kills.length - 1;
      const end = [run.secondsToEnd.toFixed(1), run.differing.length === 0 ? "same" : run.differing.join(", ")];
      const cells = isLast ? end : ["killed again", ""];
      return [kill.run, kill.afterSeconds.toFixed(1), kill.during, kill.kept, ...cells];
    }),
  );
  const same = runs.filter(({ differing }) => differing.length === 0).length;
  return [
    "# A calibration that is killed and gone on with",
    "",
    head,
    "",
    `The undisturbed run took ${undisturbedSeconds.toFixed(1)} s. Each other run has the same seed, was killed with SIGKILL at a moment drawn`,
    `evenly from that time, one in four once more, and was gone on with. Compared are ${files} files: raw batches, networks,`,
    "result, posterior, codes, figures; not what tells times.",
    "",
    `**${rows.length} kills, ${runs.length} runs, ${same} with the bytes of the undisturbed one.**`,
    "",
    markdownTable(["run", "killed after, s", "during", "recordings kept", "s to the end", "bytes"], rows),
  ].join("\n");
}
