/**
 * `codes.json`, the part of a result that goes to work: settings of neurons with the key of where they belong, and the
 * same as a playback program in text (docs/assembly.md) that any program for the board can take over.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ManualClock } from "../base/clock.js";
import type { NeuronsResult } from "../calib/amortised/neurons-result.js";
import { type CodeSet, closestDraw, codeSetOf, writeCodes } from "../calib/codes.js";
import { median } from "../calib/diagnostics/predictive.js";
import { edgePileUp } from "../calib/diagnostics/warnings.js";
import { type CodesVerdict, failedChecks, judgeCodes } from "../calib/judge-codes.js";
import type { RunData } from "../calib/run-data.js";
import { partSchemas } from "../calib/task/parts.js";
import { type Task, withCodes } from "../calib/task/task.js";
import { Builder } from "../device/playback/builder.js";
import { takeProgram } from "../device/playback/program.js";
import { disassembleLines } from "../protocol/text/index.js";
import { CodesInvalid } from "./errors.js";
import { readBytes } from "./files.js";
import type { RunRequest } from "./store/manifest.js";

export const codesFile = "codes.json";
export const programFile = "codes.hxasm";
const codesSchemaName = "hxloop.codes/2";

const neuronSchema = z.object({
  neuron: z.int().min(0).max(511),
  codes: partSchemas.cells,
  switches: partSchemas.neuron,
  backend: partSchemas.backend,
  /** Whether this setting may go to work, see `judge-codes.ts`. */
  verdict: z.object({
    status: z.enum(["good", "doubtful", "failed"]),
    ratio: z.number(),
    predictiveRatio: z.number(),
    reasons: z.array(z.string()),
  }),
});
const codesSchema = z.object({
  schema: z.literal(codesSchemaName),
  /** Where the codes belong: another chip, task or version makes them another neuron's. */
  key: z.object({
    task: z.string(),
    /** SHA-256 of the task's data. */
    taskDigest: z.string(),
    target: z.string(),
    seed: z.number(),
    simulations: z.number(),
    rounds: z.number(),
    /** Serial number of the board, hexadecimal. */
    boardId: z.string(),
    bitfileInfo: z.string(),
    version: z.string(),
  }),
  /** Distance of the draw's emulation from the target, and the median of repeats among each other. */
  predictive: z.object({ distance: z.number(), noiseFloor: z.number() }),
  sharedCodes: partSchemas.sharedCells,
  commonBackend: partSchemas.commonBackend,
  neurons: z.array(neuronSchema).min(1),
});
export type CodesFile = z.infer<typeof codesSchema>;

const mutable = (verdict: CodesVerdict): CodesFile["neurons"][number]["verdict"] => ({
  ...verdict,
  reasons: [...verdict.reasons],
});

/** Two tasks with one digest ask the same of the device and of the method. */
export function digestOf(task: Task): string {
  return createHash("sha256").update(JSON.stringify(task)).digest("hex");
}

/** What ties codes to a task, a chip and a version of ours. */
function keyOf(
  task: Task,
  { boardId, bitfileInfo }: RunData["facts"]["device"],
  version: string,
  asked: Pick<CodesFile["key"], "target" | "seed" | "simulations" | "rounds">,
): CodesFile["key"] {
  const { target, seed, simulations, rounds } = asked;
  const options = { target, seed, simulations, rounds };
  return { task: task.name, taskDigest: digestOf(task), ...options, boardId, bitfileInfo, version };
}

/** The emulated posterior draw that came closest to the target, as a file. @param given codes from an earlier stage */
export function codesOf(task: Task, data: RunData, version: string, given?: Task["neuronCodes"]): CodesFile {
  const { theta, distance } = closestDraw(data);
  const { device, neuron, seed, simulations, rounds } = data.facts;
  const set = codeSetOf(withCodes(task, given), neuron, theta);
  const verdict = judgeCodes(data.predictive, [
    ...failedChecks(data.diagnostics),
    ...edgePileUp(task.parameters, data.posterior.samples),
  ]);
  return {
    schema: codesSchemaName,
    key: keyOf(task, device, version, { target: data.target.source, seed, simulations, rounds }),
    predictive: { distance, noiseFloor: data.predictive.noiseFloor },
    ...set,
    neurons: set.neurons.map((setting) => ({ ...setting, verdict: mutable(verdict) })),
  };
}

/** The codes of all neurons that were calibrated; undefined when none was. The distances are medians over them. */
export function neuronsCodes(
  task: Task,
  { neurons, device, seed }: NeuronsResult,
  { target, simulations, rounds }: RunRequest,
  version: string,
): CodesFile | undefined {
  const done = neurons.filter(({ setting }) => setting !== null);
  const settings = done.flatMap(({ setting, verdict }) =>
    setting === null || verdict === null ? [] : [{ ...setting, verdict: mutable(verdict) }],
  );
  if (settings.length === 0) return undefined;
  return {
    schema: codesSchemaName,
    key: keyOf(task, device, version, {
      target: target.kind === "file" ? target.name : "codes of each neuron's own",
      seed,
      simulations,
      rounds,
    }),
    predictive: {
      distance: median(done.map(({ distance }) => distance)),
      noiseFloor: median(done.map(({ noiseFloor }) => noiseFloor)),
    },
    sharedCodes: task.sharedCodes,
    commonBackend: task.commonBackendConfig,
    neurons: settings,
  };
}

/** The writes as text of a playback program. */
export function programText(codes: CodeSet): string {
  const builder = new Builder(new ManualClock());
  writeCodes(builder, codes);
  const { words } = takeProgram(builder.barrier("omnibus").build());
  return `${[...disassembleLines(words)].join("\n")}\n`;
}

/** @param path `codes.json`, or a run's folder @throws FileUnreadable, CodesInvalid */
export async function readCodes(path: string): Promise<CodesFile> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const file = isFolder ? join(path, codesFile) : path;
  const text = new TextDecoder().decode(await readBytes(file, "result"));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CodesInvalid(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = codesSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CodesInvalid(`${file}: ${issue?.path.join(".") || "object"}: ${issue?.message ?? "invalid"}`);
}
