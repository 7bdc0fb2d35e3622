/** The trace's kernels against the loops that they stand for: the same bytes for any mixture of samples and answers. */
import { expect, it } from "vitest";
import { ByteFifo } from "../../firmware-sim/byte-fifo.js";
import type { TimedValues } from "../../firmware-sim/event-queue.js";
import { TraceEncoder } from "../../firmware-sim/trace-encoder.js";
import { Rng } from "../../src/base/rng.js";
import { loadKernels } from "../../src/kernels/load.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;

function events(times: readonly number[], rng: Rng): TimedValues {
  const origin = times[0] ?? 0;
  const time = Int32Array.from(times, (t) => t - origin);
  return { count: times.length, origin, time, value: Uint16Array.from(times, () => rng.int(2048)) };
}

/** Bytes of a trace with samples at random distances, rows of them and gaps, answers, and spikes now and then. */
function bytes(seed: number, kernels: WebAssembly.Module | undefined): { words: Buffer; counters: object } {
  const rng = Rng.fromSeed(seed);
  const buffer = new ByteFifo();
  const trace = new TraceEncoder(buffer, kernels);
  if (rng.int(8) > 0) trace.synchronise();
  let now = [0, 500, 2 ** 41][rng.int(3)] as number;
  let next = 2 * now;
  const shift = rng.int(3) - 1;
  const parts: Uint8Array[] = [];
  for (let step = 0; step < 60; step++) {
    now += 1 + rng.int(rng.int(6) === 0 ? 30_000 : 300);
    const period = rng.int(4) === 0 ? 1 + rng.int(600) : 8.5;
    const times: number[] = [];
    for (; next <= 2 * now && times.length < 9000; next += period) times.push(Math.floor(next));
    next = Math.max(next, 2 * now);
    const spikes = rng.int(5) === 0 ? [2 * now] : [];
    trace.collect(events(times, rng), events(spikes, rng), shift);
    if (rng.int(3) === 0) trace.omnibusData(now, step);
    else if (rng.int(6) === 0) trace.loopback(now, rng.int(2) === 0);
    else trace.drain(now);
    if (rng.int(3) === 0) trace.transfer();
    if (rng.int(2) === 0) parts.push(buffer.take(8 * rng.int(4000)).slice());
  }
  trace.drain(now + 1000);
  trace.transfer();
  parts.push(buffer.take(Number.POSITIVE_INFINITY).slice());
  return { words: Buffer.concat(parts), counters: { ...trace.counters } };
}

it("sends the same bytes with kernels as without", () => {
  let most = 0;
  for (let seed = 0; seed < 120; seed++) {
    const { words, counters } = bytes(seed, module);
    const reference = bytes(seed, undefined);
    expect(words.equals(reference.words), `seed ${seed}`).toBe(true);
    expect(counters).toEqual(reference.counters);
    most = Math.max(most, words.length);
  }
  expect(most).toBeGreaterThan(50_000);
});
