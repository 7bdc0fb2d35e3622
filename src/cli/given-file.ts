/** The result of `hxloop lif`, read again for the second stage. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { GivenCodes } from "../calib/recording/neurons-recorder.js";
import { givenCodes, type LifCodes } from "../calib/routines/given-codes.js";
import type { lifCells } from "../calib/routines/lif-calibration.js";
import type { Task } from "../calib/task/task.js";
import { CodesInvalid } from "./errors.js";
import { readBytes } from "./files.js";

const code = z.number().min(0).max(1022);
const codes = z.object({ v_leak: code, v_reset: code, v_threshold: code, i_bias_leak: code }) satisfies z.ZodType<
  Record<(typeof lifCells)[number], number>
>;
const schema = z.object({
  schema: z.literal("hxloop.lif/1"),
  device: z.object({ boardId: z.string() }),
  medians: codes,
  neurons: z.array(z.object({ neuron: z.int().min(0).max(511), success: z.boolean(), codes })).min(1),
});

/** Its copy in the run's folder. */
export const givenFile = "given.json";

export interface Given {
  /** The file's text, kept with the run. */
  readonly text: string;
  readonly boardId: string;
  readonly codes: GivenCodes;
  /** Neurons that the first stage did not bring to its targets. */
  readonly missing: readonly number[];
}

/** @throws FileUnreadable, CodesInvalid */
export async function givenOf(path: string, task: Task, neurons: readonly number[]): Promise<Given> {
  return parseGiven(new TextDecoder().decode(await readBytes(path, "result of the first stage")), path, task, neurons);
}

/** What a run was begun with. */
export async function keptGiven(directory: string, task: Task, neurons: readonly number[]): Promise<Given | undefined> {
  const path = join(directory, givenFile);
  return existsSync(path) ? await givenOf(path, task, neurons) : undefined;
}

/** @param source the file's name, for messages @throws CodesInvalid */
function parseGiven(text: string, source: string, task: Task, neurons: readonly number[]): Given {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CodesInvalid(`${source} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CodesInvalid(`${source}: ${issue?.path.join(".") || "object"}: ${issue?.message ?? "invalid"}`);
  }
  const lif: LifCodes = parsed.data;
  const { given, missing } = givenCodes(lif, task, neurons);
  return { text, boardId: parsed.data.device.boardId, codes: given, missing };
}
