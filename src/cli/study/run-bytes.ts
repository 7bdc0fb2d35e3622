/**
 * The bytes of a run that must not depend on how often it was interrupted: raw batches, networks, result arrays, posterior,
 * codes. Left out are times of day and seconds spent (`run.json`, `log.jsonl`, the attributes of the result and the
 * report or table that prints them, `seconds` in `neurons.json`), the lock, and leftovers.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

const leftOut =
  /^(run\.json|log\.jsonl|run\.lock.*|report\.html|neurons\.txt|\.unfinished\/.*|data\.zarr\/result\/zarr\.json)$/;

/** The result of many neurons is one file. */
const neuronsFile = "neurons.json";

function withoutSeconds(bytes: Uint8Array): string {
  return JSON.stringify({ ...JSON.parse(new TextDecoder().decode(bytes)), seconds: undefined });
}

/** SHA-256 of each file, by path within the folder. */
export async function runDigests(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const digests = new Map<string, string>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(directory, path).split(sep).join("/");
    if (!entry.isFile() || leftOut.test(name)) continue;
    const bytes = await readFile(path);
    const told = name === neuronsFile ? withoutSeconds(bytes) : bytes;
    digests.set(name, createHash("sha256").update(told).digest("hex"));
  }
  return digests;
}

/** Files that differ or that only one has, sorted. */
export function differingFiles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name) !== b.get(name)).sort();
}
