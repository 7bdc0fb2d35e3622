/** The closed form of SNPE-C for mixtures: its constant against quadrature, its gradient against differences, its answer. */
import { expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { MixtureArchitecture, MixtureEngine } from "../../src/calib/flow/mixture-engine.js";
import { type Component, drawFrom, normaliser, proposalFrom } from "../../src/calib/flow/proposal-mixture.js";
import { Estimation } from "../../src/calib/inference/estimation.js";
import { normal, uniform } from "../../src/calib/inference/priors/marginal.js";
import { independent } from "../../src/calib/inference/priors/prior.js";
import { kernels } from "../support/kernels.js";

const component = (logWeight: number, mean: number[], factor: number[]): Component => ({
  logWeight,
  mean: Float64Array.from(mean),
  factor: Float64Array.from(factor),
});
const q = [
  component(Math.log(0.3), [0.4, -0.2], [1.5, 0, -0.4, 2]),
  component(Math.log(0.7), [-1, 0.5], [0.8, 0, 0.3, 1]),
];
const proposal = proposalFrom(
  [component(0, [0.2, 0.1], [2, 0, 0.5, 1.2]), component(-1, [-0.8, 0.7], [3, 0, 0, 0.9])],
  2,
);

function logNormal(z: readonly number[], mean: Float64Array, precision: (i: number, j: number) => number): number {
  const [a, b] = [z[0]! - mean[0]!, z[1]! - mean[1]!];
  const det = precision(0, 0) * precision(1, 1) - precision(0, 1) ** 2;
  const square = precision(0, 0) * a * a + 2 * precision(0, 1) * a * b + precision(1, 1) * b * b;
  return 0.5 * Math.log(det) - Math.log(2 * Math.PI) - 0.5 * square;
}

it("has the constant of quadrature", () => {
  let sum = 0;
  const h = 0.05;
  for (let a = -6; a < 6; a += h) {
    for (let b = -6; b < 6; b += h) {
      const z = [a + h / 2, b + h / 2];
      const own = q.reduce((s, { logWeight, mean, factor: [l0 = 0, , l1 = 0, l2 = 0] }) => {
        const p = [l0 * l0 + l1 * l1, l1 * l2, l2 * l2];
        return s + Math.exp(logWeight + logNormal(z, mean, (i, j) => p[i + j]!));
      }, 0);
      const other = proposal.means.reduce((s, mean, l) => {
        return (
          s + Math.exp(proposal.logWeights[l]! + logNormal(z, mean, (i, j) => proposal.precisions[l]![2 * i + j]!))
        );
      }, 0);
      const prior = Math.exp(-0.5 * (z[0]! ** 2 + z[1]! ** 2)) / (2 * Math.PI);
      sum += (own * other * h * h) / prior;
    }
  }
  const { logZ, moments } = normaliser(q, proposal);
  expect(logZ).toBeCloseTo(Math.log(sum), 4);
  expect(moments.reduce((s, { share }) => s + share, 0)).toBeCloseTo(1, 10);
});

it("has the gradient of finite differences", () => {
  const shape = { kind: "mixture", numParameters: 2, numFeatures: 2, components: 3, hidden: 8, blocks: 1 } as const;
  const architecture = new MixtureArchitecture(shape);
  const rng = Rng.fromSeed(2);
  const weights = architecture.initialise(rng).map((w) => w + 0.1 * rng.normal());
  kernels.lend((space) => {
    const engine = new MixtureEngine(space, architecture, { rows: 8, atoms: 1 });
    engine.theta.set(Float32Array.from({ length: 16 }, () => rng.normal()));
    engine.x.set(Float32Array.from({ length: 16 }, () => rng.normal()));
    const columnWeights = Float32Array.from({ length: 8 }, () => rng.normal());
    const proposals = Array.from({ length: 8 }, (_, c) => (c % 2 === 0 ? proposal : undefined));
    const value = (w: Float32Array): number => {
      engine.setWeights(w);
      const logQ = engine.logProb();
      engine.correct(proposals);
      return logQ.reduce((s, l, c) => s + l * columnWeights[c]!, 0);
    };
    value(weights);
    engine.clearGradient();
    engine.backward(columnWeights);
    const gradient = engine.gradient().slice();
    const size = Math.sqrt(gradient.reduce((s, g) => s + g * g, 0));
    for (let trial = 0; trial < 6; trial++) {
      const direction = gradient.map((g) => (g === 0 ? 0 : rng.normal()));
      const length = Math.sqrt(direction.reduce((s, v) => s + v * v, 0));
      const h = 2e-3 / length;
      const moved = (by: number): Float32Array => weights.map((w, i) => w + by * direction[i]!);
      const want = (value(moved(h)) - value(moved(-h))) / (2 * h);
      const got = gradient.reduce((s, g, i) => s + g * direction[i]!, 0);
      expect(Math.abs(got - want) / (size * length)).toBeLessThan(0.01);
    }
  });
});

it("draws proposals with their own moments", () => {
  const one = proposalFrom([component(0, [0.5, -1], [2, 0, 1, 1])], 2);
  const draws = drawFrom(one, 20_000, Rng.fromSeed(4));
  const [mean0, mean1] = [0, 1].map((j) => draws.reduce((s, v, i) => s + (i % 2 === j ? v : 0), 0) / 20_000);
  expect(Math.abs(mean0! - 0.5)).toBeLessThan(0.02);
  expect(Math.abs(mean1! + 1)).toBeLessThan(0.03);
  // Precision [[5, 1], [1, 1]] of the component and the prior's 1: [[6, 1], [1, 2]], determinant 11.
  const variance = draws.reduce((s, v, i) => s + (i % 2 === 0 ? (v - mean0!) ** 2 : 0), 0) / 20_000;
  expect(Math.abs(variance / (2 / 11) - 1)).toBeLessThan(0.05);
});

it("finds a linear Gaussian posterior in the second round, from simulations of a proposal that is far narrower", async () => {
  const noise = 0.3;
  const prior = independent([normal("a", 0, 1), normal("b", 0, 1)]);
  const xObs = Float32Array.of(1.2, -0.7);
  const estimation = new Estimation({
    prior,
    kernels,
    seed: 3,
    scheme: "snpe-c",
    members: 1,
    estimator: { kind: "mixture", components: 2, hidden: 16 },
    training: { plannedSteps: 500 },
  });
  const rng = Rng.fromSeed(9);
  for (const round of [1, 2]) {
    const { theta, from } = estimation.propose(1000, xObs, rng.fork(`propose-${round}`));
    expect(from).toBe(round === 1 ? "prior" : "posterior");
    const stream = rng.fork(`simulate-${round}`);
    estimation.append(
      theta,
      theta.map((t) => t + noise * stream.normal()),
    );
    await estimation.train();
  }
  const exactSd = Math.sqrt(1 / (1 + 1 / noise ** 2));
  const [a, b] = estimation.posterior(xObs).summarize(8000, Rng.fromSeed(10));
  for (const [marginal, x] of [
    [a, xObs[0]],
    [b, xObs[1]],
  ] as const) {
    expect(Math.abs(marginal!.mean - (x! * exactSd ** 2) / noise ** 2)).toBeLessThan(0.2 * exactSd);
    // Without the correction it would be narrower by a factor of about 0.7.
    expect(Math.abs(marginal!.sd / exactSd - 1)).toBeLessThan(0.12);
  }
});

it("does not propose what cannot be used, and stays right for what can", async () => {
  const noise = 0.5;
  const highest = 0.4;
  const prior = independent([normal("a", 0, 1)]);
  const estimation = new Estimation({
    prior,
    kernels,
    seed: 4,
    scheme: "snpe-c",
    members: 1,
    estimator: { kind: "mixture", components: 3, hidden: 16 },
    training: { plannedSteps: 600 },
  });
  const rng = Rng.fromSeed(11);
  const xObs = Float32Array.of(highest);
  const useless: number[] = [];
  for (const round of [1, 2]) {
    const { theta } = estimation.propose(1500, xObs, rng.fork(`propose-${round}`));
    const stream = rng.fork(`simulate-${round}`);
    const why = Array.from(theta, (t) => (t > highest ? "too high" : undefined));
    useless.push(why.filter((reason) => reason !== undefined).length);
    estimation.append(
      theta,
      theta.map((t) => t + noise * stream.normal()),
      why,
    );
    await estimation.train();
  }
  // Of a normal prior 34 % lie above; of the proposal, whose middle is near the border, the classifier leaves few.
  expect(useless[0]).toBeGreaterThan(400);
  expect(useless[1]).toBeLessThan(150);
  // The posterior of what can be used: a normal, mean 0.32 and sd 0.447, cut off at the border.
  const sd = Math.sqrt(1 / (1 + 1 / noise ** 2));
  const middle = (highest * sd ** 2) / noise ** 2;
  const cut = (highest - middle) / sd;
  const density = Math.exp(-0.5 * cut * cut) / Math.sqrt(2 * Math.PI);
  const mean = middle - (sd * density) / (0.5 * (1 + erf(cut / Math.SQRT2)));
  const [a] = estimation.posterior(xObs).summarize(8000, Rng.fromSeed(12));
  expect(Math.abs(a!.mean - mean)).toBeLessThan(0.2 * sd);
});

/** Series of the error function; |x| below 1. */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 30; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

it("leaves atoms to flows", async () => {
  const prior = independent([uniform("a", 0, 1)]);
  const estimation = new Estimation({
    prior,
    kernels,
    seed: 1,
    scheme: "snpe-c",
    estimator: { kind: "flow" },
    members: 1,
    training: { plannedSteps: 20 },
  });
  const rng = Rng.fromSeed(1);
  const theta = prior.sample(100, rng);
  estimation.append(
    theta,
    theta.map((t) => t + 0.1 * rng.normal()),
  );
  const trained = await estimation.train();
  expect(trained.ensemble.mixtureAt([0.5])).toBeUndefined();
});
