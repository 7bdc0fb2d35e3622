/** Summaries of raw data through the public library: what they keep, what they refuse, how they are kept. */
import { expect, it } from "vitest";
import {
  independent,
  learnSummary,
  normal,
  Rng,
  runInference,
  type SummaryState,
  summaryFrom,
} from "../../src/api/inference.js";

const width = 64;
const prior = independent([normal("rate", 0, 1)]);

/** A ramp of unknown slope under noise 4: the least squares slope says all, its posterior is normal in closed form. */
const ramp = Float64Array.from({ length: width }, (_, t) => (2 * t) / (width - 1) - 1);
const noise = 4;
const squares = ramp.reduce((sum, v) => sum + v * v, 0);
const variance = 1 / (1 + squares / noise ** 2);
const exactMean = (x: ArrayLike<number>): number =>
  (variance * ramp.reduce((sum, v, t) => sum + v * (x[t] as number), 0)) / noise ** 2;

function simulate(theta: ArrayLike<number>, rng: Rng): Float32Array {
  return Float32Array.from({ length: theta.length * width }, (_, i) => {
    return (theta[Math.floor(i / width)] as number) * (ramp[i % width] as number) + noise * rng.normal();
  });
}

const rng = Rng.fromSeed(3);
const theta = prior.sample(1200, rng.fork("theta"));
const training = { prior, theta, x: simulate(theta, rng.fork("x")), input: { length: width, channels: 1 }, seed: 1 };

it("says in four numbers what 64 readings say, so that the posterior is the exact one", async () => {
  const shares: number[] = [];
  const summary = await learnSummary({ ...training, onProgress: (share) => shares.push(share) });
  expect(summary.size).toBe(4);
  expect(shares.at(-1)).toBeLessThanOrEqual(1);
  const { amortised } = await runInference({
    prior,
    simulator: (own, context) => summary.encode(simulate(own, context.rng)),
    scheme: "npe",
    simulations: 1200,
    seed: 2,
  });
  const fresh = prior.sample(200, rng.fork("fresh"));
  const x = simulate(fresh, rng.fork("fresh x"));
  let [error, spread] = [0, 0];
  for (let i = 0; i < 200; i++) {
    const own = x.subarray(i * width, (i + 1) * width);
    const draws = amortised.given(summary.encode(own)).sample(400, rng.fork(`draws ${i}`));
    const mean = draws.reduce((sum, v) => sum + v, 0) / 400;
    spread += draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 400 / 200;
    error += (mean - exactMean(own)) ** 2 / 200;
  }
  // What wrong means cost, nats: 0.69 where nothing is known of the data. 1080 rows for some 8,000 weights lose a tenth.
  expect(error / (2 * variance)).toBeLessThan(0.15);
  // What is lost, the posterior must own up to.
  expect(spread / (variance + error)).toBeGreaterThan(0.85);
  expect(spread / (variance + error)).toBeLessThan(1.2);

  const state = JSON.parse(
    JSON.stringify({ ...summary.state(), weights: [...summary.state().weights] }),
  ) as SummaryState;
  const again = summaryFrom({ ...state, weights: Float32Array.from(state.weights) });
  expect(again.encode(x)).toEqual(summary.encode(x));
  expect(summary.encode(x.subarray(0, width))).toEqual(summary.encode(x).subarray(0, 4));
});

it("repeats itself with its seed, takes layers of one's own, and ends when it is told to", async () => {
  const layers = [
    { type: "conv", stride: 4, overlap: 2, filters: 8, activation: "silu" },
    { type: "dense", filters: 16, activation: "silu" },
  ] as const;
  const small = { ...training, layers, size: 3, steps: 20 };
  const [one, two] = [await learnSummary(small), await learnSummary(small)];
  expect(one.size).toBe(3);
  expect(one.state().weights).toEqual(two.state().weights);
  expect((await learnSummary({ ...small, seed: 9 })).state().weights).not.toEqual(one.state().weights);
  await expect(learnSummary({ ...small, signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
});

it("refuses what does not fit by name and range", async () => {
  const few = { ...training, theta: theta.subarray(0, 20), x: training.x.subarray(0, 20 * width) };
  await expect(learnSummary(few)).rejects.toMatchObject({ _tag: "FieldOutOfRange" });
  await expect(learnSummary({ ...training, x: training.x.subarray(1) })).rejects.toMatchObject({
    _tag: "ShapeMismatch",
    message: `x has ${1200 * width - 1} values, expected 1200 rows of ${width}`,
  });
  const hole = Float32Array.from(training.x);
  hole[5] = Number.NaN;
  await expect(learnSummary({ ...training, x: hole })).rejects.toMatchObject({ _tag: "NonFinite" });
  const summary = await learnSummary({ ...training, steps: 5 });
  expect(() => summary.encode(new Float32Array(width + 1))).toThrow(`expected a multiple of ${width}`);
  expect(() => summary.encode([...new Array<number>(width - 1).fill(0), Number.NaN])).toThrow("must be finite");
});
