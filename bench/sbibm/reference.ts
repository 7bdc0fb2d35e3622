/**
 * Reference posteriors of sbibm on disk: DIR/TASK/observation-N/{observation,true-parameters}.csv and
 * reference-posterior.csv.gz, each with a header line. The folder is no part of the repository.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export interface Reference {
  /** Shape (numFeatures). */
  readonly observation: Float32Array;
  /** Shape (numParameters). */
  readonly truth: Float64Array;
  /** Shape (n, numParameters). */
  readonly samples: Float64Array;
}

/** The variable HXLOOP_REFERENCE, or `../shared/reference` beside the checkout, with `sbibm` inside. */
export function referenceFolder(): string {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const root = resolve(here, here.includes(`${join("dist", "bench")}`) ? "../../.." : "../..");
  return join(process.env.HXLOOP_REFERENCE ?? resolve(root, "../shared/reference"), "sbibm");
}

/** Why there is no such reference, or undefined when there is. */
export function missingReference(folder: string, task: string, observation: number): string | undefined {
  const file = join(folder, task, `observation-${observation}`, "observation.csv");
  return existsSync(file) ? undefined : `${file} does not exist; set HXLOOP_REFERENCE or give --reference`;
}

export function loadReference(folder: string, task: string, observation: number): Reference {
  const at = join(folder, task, `observation-${observation}`);
  return {
    observation: Float32Array.from(numbers(readFileSync(join(at, "observation.csv"), "utf8"))),
    truth: numbers(readFileSync(join(at, "true-parameters.csv"), "utf8")),
    samples: numbers(gunzipSync(readFileSync(join(at, "reference-posterior.csv.gz"))).toString("utf8")),
  };
}

/** All numbers after the header line. */
export function numbers(csv: string): Float64Array {
  return Float64Array.from(csv.trim().split("\n").slice(1).join(",").split(","), Number);
}
