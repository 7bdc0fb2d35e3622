/**
 * Six tasks of sbibm, written from their definitions. N(m, v) has variance v. Source: Lueckmann, Boelts, Greenberg,
 * Goncalves, Macke, "Benchmarking Simulation-Based Inference", AISTATS 2021, and sbibm 1.1 `sbibm/tasks`
 * (gaussian_mixture as corrected there).
 */
import { normal, uniform } from "../../src/calib/inference/priors/marginal.js";
import { independent, type Prior } from "../../src/calib/inference/priors/prior.js";
import { bernoulliGlm } from "./bernoulli-glm.js";
import { eachRow, type SbibmTask } from "./task.js";

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `theta_${i + 1}`);
const evenBox = (n: number, bound: number): Prior => independent(names(n).map((name) => uniform(name, -bound, bound)));

/** Variance of prior and noise of the two linear tasks. */
const linearVariance = 0.1;
const linearSd = Math.sqrt(linearVariance);
const linear = eachRow(10, 10, (theta, rng) => Array.from(theta, (t) => t + linearSd * rng.normal()));

/** theta ~ N(0, 0.1 I), x ~ N(theta, 0.1 I); the posterior is N(x / 2, 0.05 I). */
export const gaussianLinear: SbibmTask & { posteriorSd: number; posteriorMean(x: ArrayLike<number>): number[] } = {
  name: "gaussian_linear",
  prior: independent(names(10).map((name) => normal(name, 0, linearSd))),
  numFeatures: 10,
  simulate: linear,
  posteriorSd: Math.sqrt(linearVariance / 2),
  posteriorMean: (x) => Array.from(x, (v) => v / 2),
};

const gaussianLinearUniform: SbibmTask = {
  name: "gaussian_linear_uniform",
  prior: evenBox(10, 1),
  numFeatures: 10,
  simulate: linear,
};

/** A fair coin per simulation: standard deviation 1 or 0.1 around theta. */
const gaussianMixture: SbibmTask = {
  name: "gaussian_mixture",
  prior: evenBox(2, 10),
  numFeatures: 2,
  simulate: eachRow(2, 2, (theta, rng) => {
    const sd = rng.uniform() < 0.5 ? 1 : 0.1;
    return Array.from(theta, (t) => t + sd * rng.normal());
  }),
};

const twoMoons: SbibmTask = {
  name: "two_moons",
  prior: evenBox(2, 1),
  numFeatures: 2,
  simulate: eachRow(2, 2, ([t1 = 0, t2 = 0], rng) => {
    const angle = Math.PI * (rng.uniform() - 0.5);
    const radius = 0.1 + 0.01 * rng.normal();
    return [
      radius * Math.cos(angle) + 0.25 - Math.abs(t1 + t2) / Math.SQRT2,
      radius * Math.sin(angle) + (t2 - t1) / Math.SQRT2,
    ];
  }),
};

/** Four points of a two-dimensional normal whose mean, scales and correlation are the parameters. */
const slcp: SbibmTask = {
  name: "slcp",
  prior: evenBox(5, 3),
  numFeatures: 8,
  simulate: eachRow(5, 8, ([m1 = 0, m2 = 0, a = 0, b = 0, c = 0], rng) => {
    const [s1, s2, rho] = [a * a, b * b, Math.tanh(c)];
    const jitter = 1e-6;
    // Cholesky factor of [[s1^2 + jitter, rho s1 s2], [., s2^2 + jitter]].
    const l11 = Math.sqrt(s1 * s1 + jitter);
    const l21 = (rho * s1 * s2) / l11;
    const l22 = Math.sqrt(Math.max(0, s2 * s2 + jitter - l21 * l21));
    return [0, 1, 2, 3].flatMap(() => {
      const [u, v] = [rng.normal(), rng.normal()];
      return [m1 + l11 * u, m2 + l21 * u + l22 * v];
    });
  }),
};

export const sbibmTasks: readonly SbibmTask[] = [
  twoMoons,
  gaussianLinearUniform,
  gaussianMixture,
  slcp,
  bernoulliGlm,
  gaussianLinear,
];
