/** `hxloop compare A B`: two runs side by side: what was asked differently, and how far the answers lie apart. */
import { Command } from "commander";
import { openKernels } from "../../api/open-kernels.js";
import { Rng } from "../../base/rng.js";
import { type C2stResult, c2st } from "../../calib/diagnostics/c2st.js";
import type { RunData } from "../../calib/run-data.js";
import { align, fixed } from "../../report/format.js";
import type { Context } from "../context.js";
import { nonEmpty } from "../options.js";
import { RunFolderInvalid } from "../store/errors.js";
import { type Manifest, readManifest } from "../store/manifest.js";
import { readResult } from "../store/run-folder.js";
import { targetText } from "../store/run-summary.js";

/** A setting that is not the same in both. */
interface Difference {
  readonly setting: string;
  readonly a: string;
  readonly b: string;
}

/** Marginals of one parameter, CapMem LSB. */
interface ParameterComparison {
  readonly name: string;
  readonly a: { readonly mean: number; readonly sd: number };
  readonly b: { readonly mean: number; readonly sd: number };
  /** Difference of the means in units of the root of the mean variance. */
  readonly shift: number;
  /** Mass that the two marginals share, 0..1: sum of the smaller share per bin, 20 bins over both. */
  readonly overlap: number;
}

export function compareCommand(context: Context): Command {
  return new Command("compare")
    .description("Compare two runs: settings that differ, posteriors, distances.")
    .argument("<A>", "a run's folder", nonEmpty)
    .argument("<B>", "another one", nonEmpty)
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText(
      "after",
      `
C2ST: share of samples that a classifier assigns to the right run; 0.5 when the posteriors are one, 1 when they do not
overlap. Distances are medians in each run's own embedding; only their ratio to the floor may be compared.

Example:
  $ hxloop compare runs/paper-n0-s1-1 runs/paper-n0-s2-1`,
    )
    .action((a: string, b: string, flags: { json?: true }) => compare(context, a, b, flags.json === true));
}

/** @throws RunFolderInvalid when one of them is no run, or has no result */
async function compare({ terminal, interrupts }: Context, a: string, b: string, asJson: boolean): Promise<void> {
  const [first, second] = [await finished(a), await finished(b)];
  const differences = differencesOf(first.manifest, second.manifest);
  const [one, two] = [first.data, second.data];
  const parameters = parametersOf(one, two);
  const isSame = parameters.length === one.parameters.length && parameters.length === two.parameters.length;
  const samples = one.posterior.samples;
  // Columns of the second in the order of the first.
  const others = isSame ? reordered(two, one) : undefined;
  const isIdentical =
    others !== undefined && samples.length === others.length && samples.every((v, i) => v === others[i]);
  // Samples that are equal one by one are no two samples: a classifier learns from the one what is wrong of the other.
  const c2stResult: C2stResult | null =
    others === undefined || isIdentical
      ? null
      : await c2st(samples, others, parameters.length, {
          kernels: openKernels(),
          rng: Rng.fromSeed(1).fork("compare"),
          signal: interrupts.signal,
        });
  const distances = [one, two].map(({ predictive: { distance, noiseFloor } }) => ({
    distance,
    noiseFloor,
    ratio: distance / noiseFloor,
  }));
  const [distanceA, distanceB] = distances;
  if (asJson) {
    const whole = {
      schema: "hxloop.compare/1",
      a,
      b,
      differences,
      parameters,
      identical: isIdentical,
      c2st: c2stResult,
    };
    return terminal.result(JSON.stringify({ ...whole, predictive: { a: distanceA, b: distanceB } }));
  }
  const lines = differences.length === 0 ? ["the same was asked of both"] : ["asked differently:"];
  lines.push(...align(differences.map(({ setting, a: x, b: y }) => [`  ${setting}`, x, y])));
  const head = ["parameter", "mean A", "sd A", "mean B", "sd B", "shift / sd", "overlap"];
  const rows = parameters.map((p) => [
    p.name,
    fixed(p.a.mean, 1),
    fixed(p.a.sd, 1),
    fixed(p.b.mean, 1),
    fixed(p.b.sd, 1),
    fixed(p.shift, 2),
    fixed(p.overlap, 2),
  ]);
  lines.push("", ...(rows.length === 0 ? ["no parameter in common"] : align([head, ...rows])), "");
  if (isIdentical) lines.push("the same samples, one by one");
  if (c2stResult !== null) {
    lines.push(
      `C2ST ${fixed(c2stResult.score, 3)} ± ${fixed(c2stResult.standardError, 3)} (0.5: one posterior; 1: two)`,
    );
  }
  lines.push(`draws / floor: A ${fixed(distanceA?.ratio ?? null, 2)}, B ${fixed(distanceB?.ratio ?? null, 2)}`);
  terminal.result(lines.join("\n"));
}

async function finished(directory: string): Promise<{ manifest: Manifest; data: RunData }> {
  const manifest = await readManifest(directory);
  if (manifest.request.many !== undefined) {
    throw new RunFolderInvalid(`run ${directory} is of many neurons; compare holds runs of one neuron together`);
  }
  const data = await readResult(directory);
  if (data === undefined) throw new RunFolderInvalid(`run ${directory} has no result to compare yet`);
  return { manifest, data };
}

function settingsOf({ request, device, versions }: Manifest): Map<string, string> {
  const { target: _, device: url, ...plain } = request;
  return new Map([
    ["target", targetText(request)],
    ["device", url],
    ["board", device?.boardId ?? ""],
    ["bitfile", (device?.bitfileInfo ?? "").trim().replaceAll("\n", ", ")],
    ...Object.entries({ ...plain, ...versions }).map(([name, value]) => [name, String(value)] as const),
  ]);
}

function differencesOf(a: Manifest, b: Manifest): Difference[] {
  const [ofA, ofB] = [settingsOf(a), settingsOf(b)];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((setting) => {
    const [x, y] = [ofA.get(setting) ?? "-", ofB.get(setting) ?? "-"];
    return x === y ? [] : [{ setting, a: x, b: y }];
  });
}

function column({ posterior, parameters }: RunData, name: string): Int32Array {
  const j = parameters.findIndex((parameter) => parameter.name === name);
  return posterior.samples.filter((_, i) => i % parameters.length === j);
}

/** Samples of the one with the columns of the other. */
function reordered(data: RunData, like: RunData): Int32Array {
  const columns = like.parameters.map(({ name }) => column(data, name));
  const width = columns.length;
  return data.posterior.samples.map((_, i) => columns[i % width]?.[Math.floor(i / width)] ?? 0);
}

function parametersOf(a: RunData, b: RunData): ParameterComparison[] {
  return a.summary.flatMap(({ name, mean, sd }) => {
    const other = b.summary.find((row) => row.name === name);
    if (other === undefined) return [];
    const pooled = Math.sqrt((sd ** 2 + other.sd ** 2) / 2) || 1;
    const shift = (other.mean - mean) / pooled;
    const overlap = overlapOf(column(a, name), column(b, name));
    return [{ name, a: { mean, sd }, b: { mean: other.mean, sd: other.sd }, shift, overlap }];
  });
}

const bins = 20;

/** @returns mass in common of the two histograms */
function overlapOf(a: Int32Array, b: Int32Array): number {
  const all = [...a, ...b];
  const [low, high] = [Math.min(...all), Math.max(...all) + 1];
  const shares = (values: Int32Array): number[] => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin = Math.floor((bins * (value - low)) / (high - low));
      counts[bin] = (counts[bin] ?? 0) + 1 / values.length;
    }
    return counts;
  };
  const [ofA, ofB] = [shares(a), shares(b)];
  return ofA.reduce((sum, share, i) => sum + Math.min(share, ofB[i] ?? 0), 0);
}
