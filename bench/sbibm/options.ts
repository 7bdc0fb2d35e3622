/** The options of the table of accuracies, as `npm run bench -- inference` takes them. */
import { Command } from "commander";
import { type Scheme, schemes } from "../../src/calib/inference/schemes.js";
import { BadOption } from "../harness.js";
import { referenceFolder } from "./reference.js";
import type { SbibmTask } from "./task.js";
import { sbibmTasks } from "./tasks.js";

export interface TableOptions {
  readonly reference: string;
  readonly tasks: readonly SbibmTask[];
  readonly simulations: readonly number[];
  readonly observations: readonly number[];
  readonly seeds: readonly number[];
  readonly methods: readonly Scheme[];
  /** Also learn the likelihood in `npe`, as `sequential` does. */
  readonly likelihood: boolean;
  /** Simulations on which the coverage of amortised posteriors is measured; 0 for none. */
  readonly coverage: number;
  readonly threads: number;
  /** No new inference is begun after so many minutes. */
  readonly minutes: number;
}

export interface InferenceOptions extends TableOptions {
  readonly parts: readonly Part[];
  readonly json: boolean;
}

const parts = ["steps", "table"] as const;
type Part = (typeof parts)[number];

const list = (text: string): string[] => text.split(",").map((word) => word.trim());

/** `1-3,7` as numbers. */
function ranges(text: string): number[] {
  return list(text).flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to)) {
      throw new BadOption(`${part} is no number and no range such as 1-3`);
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function counts(text: string): number[] {
  return list(text).map((word) => atLeast(word, 100));
}

function atLeast(text: string, least: number): number {
  const value = Number(text);
  if (!(value >= least)) throw new BadOption(`${text} is not a number from ${least}`);
  return value;
}

function among<T extends string>(what: string, known: readonly T[]): (text: string) => T[] {
  return (text) =>
    list(text).map((word) => {
      const found = known.find((name) => name === word);
      if (found === undefined) throw new BadOption(`${word} is no ${what}; there are ${known.join(", ")}`);
      return found;
    });
}

/** `sequential` is the default scheme of sequential inference. */
function methods(text: string): Scheme[] {
  return among("method", ["sequential", ...schemes])(text).map((name) => (name === "sequential" ? "tsnpe" : name));
}

/** @param args what stands behind the bench's name; ends the process for --help and for words that it does not know */
export function inferenceOptions(args: readonly string[]): InferenceOptions {
  const names = sbibmTasks.map(({ name }) => name);
  const given = new Command("npm run bench -- inference")
    .description(
      "training steps beside PyTorch, and C2ST against reference posteriors of sbibm beside published values",
    )
    .option("--part <LIST>", parts.join(", "), among("part", parts), [...parts])
    .option("--reference <DIR>", "folder of reference posteriors, TASK/observation-N inside", referenceFolder())
    .option("--tasks <LIST>", names.join(", "), among("task", names), names.slice(0, 5))
    .option("--simulations <LIST>", "numbers of simulations", counts, [1000, 10_000])
    .option("--observations <RANGES>", "for example 1-3", ranges, [1, 2, 3])
    .option("--method <LIST>", `sequential (the default scheme), ${schemes.join(", ")}`, methods, ["npe", "tsnpe"])
    .option("--seeds <RANGES>", "for example 1-5", ranges, [1, 2, 3, 4, 5])
    .option("--coverage <N>", "fresh simulations to measure coverage on, npe only; 0 for none", Number, 300)
    .option("--likelihood", "npe learns the likelihood too, as sequential does; draws take seconds", false)
    .option("--threads <N>", "training threads", (text) => atLeast(text, 1), 1)
    .option("--minutes <N>", "begin nothing new after so many minutes", (text) => atLeast(text, 0), 240)
    .option("--json", "also print all results as JSON", false)
    .parse([...args], { from: "user" })
    .opts<{
      part: Part[];
      reference: string;
      tasks: string[];
      simulations: number[];
      observations: number[];
      method: Scheme[];
      seeds: number[];
      coverage: number;
      likelihood: boolean;
      threads: number;
      minutes: number;
      json: boolean;
    }>();
  const { part, tasks, method, ...rest } = given;
  return { ...rest, parts: part, methods: method, tasks: sbibmTasks.filter(({ name }) => tasks.includes(name)) };
}
