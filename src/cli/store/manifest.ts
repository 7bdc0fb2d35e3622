/**
 * `run.json`: what was asked, of which device, with which versions, and how far it got. The one file that says whether
 * a folder is a whole run. Read with a schema, because people edit and copy such files.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { schemes } from "../../calib/inference/schemes.js";
import { RunFolderInvalid } from "./errors.js";

export const manifestName = "run.json";
const runSchema = "hxloop.run/1";

/** Negative ones invert the sign of their current. */
const code = z.int().min(-1022).max(1022);

/** What is to be imitated, as it was asked for. */
const requestedTargetSchema = z.discriminatedUnion("kind", [
  /** Codes by parameter; the device itself records the target. */
  z.object({ kind: z.literal("theta"), theta: z.record(z.string(), code) }),
  /** A recording brought along; its text is kept in the run folder as `target.csv`. */
  z.object({ kind: z.literal("file"), name: z.string() }),
  /** Each neuron records one of its own, at codes drawn from the seed. */
  z.object({ kind: z.literal("demo") }),
]);
export type RequestedTarget = z.infer<typeof requestedTargetSchema>;

const requestSchema = z.object({
  task: z.string(),
  device: z.string(),
  neuron: z.int().min(0).max(511),
  target: requestedTargetSchema,
  seed: z.int().min(0),
  simulations: z.int().positive(),
  rounds: z.int().positive(),
  scheme: z.enum(schemes),
  draws: z.int().positive(),
  backend: z.enum(["auto", "tfjs-node", "wasm", "cpu"]),
  /** Of a calibration of many neurons; `neuron` is the first of them then. */
  many: z
    .object({
      neurons: z.array(z.int().min(0).max(511)).min(1),
      refinements: z.int().min(0),
      perRefinement: z.int().positive(),
    })
    .optional(),
});
/** One calibration as it was asked for; enough to ask for it again. */
export type RunRequest = z.infer<typeof requestSchema>;

export const manifestSchema = z.object({
  schema: z.literal(runSchema),
  state: z.enum(["running", "interrupted", "failed", "finished"]),
  request: requestSchema,
  /** Null until the device has been opened. */
  device: z.object({ url: z.string(), boardId: z.string(), bitfileInfo: z.string() }).nullable(),
  versions: z.record(z.string(), z.string()),
  startedAt: z.string(),
  updatedAt: z.string(),
  /** Why it ended, when it did not finish. */
  reason: z.string().nullable(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A run that has just been asked for. */
export function newManifest(request: RunRequest, versions: Readonly<Record<string, string>>, now: string): Manifest {
  return {
    schema: runSchema,
    state: "running",
    request,
    device: null,
    versions: { ...versions },
    startedAt: now,
    updatedAt: now,
    reason: null,
  };
}

/** The text of `run.json`. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @throws RunFolderInvalid when the folder holds no run, or one that this version cannot read */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, manifestName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new RunFolderInvalid(`${directory} is not a run folder: it has no readable ${manifestName}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RunFolderInvalid(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RunFolderInvalid(`${path}: ${issue?.path.join(".") || "object"}: ${issue?.message ?? "invalid"}`);
}
