// Random and damaged bytes for everything that reads bytes. `npm run fuzz` gives FUZZ_INPUTS and writes what it saw to
// docs/results/fuzz.md; the slice of every test run is small. A failure names the target and the input.
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { afterAll, expect, test } from "vitest";
import { isHxError } from "../../src/base/errors.js";
import { nextInput } from "./mutate.js";
import { rngOf, type Target, targets } from "./targets.js";

const requested = Number(process.env.FUZZ_INPUTS ?? 0);
const isLong = requested > 0;
const total = isLong ? requested : 40_000;
const seed = Number(process.env.FUZZ_SEED ?? 1);
/** No input may take longer than this twice, milliseconds: once may be the machine. */
const patience = 5000;
/** Memory that a target may hold after its run, bytes. */
const allowance = 128 * 2 ** 20;

interface Seen {
  readonly name: string;
  readonly inputs: number;
  readonly refused: number;
  readonly slowestMs: number;
  readonly heldMiB: number;
  readonly seconds: number;
}

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function attempt(target: Target, input: Uint8Array, i: number): { readonly ms: number; readonly isRefused: boolean } {
  const began = performance.now();
  let isRefused = false;
  try {
    target.run(input);
  } catch (error) {
    if (!isHxError(error))
      throw new Error(`${target.name}, input ${i}: ${Buffer.from(input).toString("hex")}`, { cause: error });
    isRefused = true;
  }
  return { ms: performance.now() - began, isRefused };
}

function fuzz(target: Target, inputs: number): Seen {
  const rng = rngOf(target, seed);
  const [before, start] = [heldBytes(), performance.now()];
  let [refused, slowest] = [0, 0];
  for (let i = 0; i < inputs; i++) {
    const input = nextInput(rng, target.corpus);
    let { ms, isRefused } = attempt(target, input, i);
    if (ms > patience) ({ ms, isRefused } = attempt(target, input, i));
    if (isRefused) refused++;
    slowest = Math.max(slowest, ms);
  }
  const heldMiB = Math.max(0, heldBytes() - before) / 2 ** 20;
  return {
    name: target.name,
    inputs,
    refused,
    slowestMs: slowest,
    heldMiB,
    seconds: (performance.now() - start) / 1000,
  };
}

const all = targets();
const shares = all.reduce((sum, { share }) => sum + share, 0);
const seen: Seen[] = [];

test.each(all.map((target) => [target.name, target] as const))(
  "%s: every refusal is typed, nothing hangs, memory is bounded",
  (_, target) => {
    const result = fuzz(target, Math.ceil((total * target.share) / shares));
    seen.push(result);
    expect(result.slowestMs).toBeLessThan(patience);
    expect(result.heldMiB * 2 ** 20).toBeLessThan(allowance);
  },
  isLong ? 3_600_000 : 60_000,
);

afterAll(() => {
  if (!isLong || seen.length < all.length) return;
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const rows = seen.map(
    (s) =>
      `| ${s.name} | ${s.inputs} | ${s.refused} | ${s.slowestMs.toFixed(1)} | ${s.heldMiB.toFixed(1)} | ${s.seconds.toFixed(0)} |`,
  );
  const count = seen.reduce((sum, s) => sum + s.inputs, 0);
  const text = [
    "# Fuzzing",
    `\`npm run fuzz\` (FUZZ_INPUTS=${requested}, FUZZ_SEED=${seed}), ${new Date().toISOString().slice(0, 10)}, ${machine}.`,
    `${count} inputs, random and mutated from valid ones. No untyped error, no hang, no growth of memory. "Refused": the reader threw an error of ours; deframer and frame parser count instead, the word decoders are compared with each other. "Slowest" includes pauses of the garbage collector and of the machine.`,
    [
      "| target | inputs | refused | slowest, ms | held after, MiB | seconds |",
      "|---|---|---|---|---|---|",
      ...rows,
    ].join("\n"),
  ];
  writeFileSync(new URL("../../docs/results/fuzz.md", import.meta.url), `${text.join("\n\n")}\n`);
});
