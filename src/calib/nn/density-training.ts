/**
 * Losses of neural posterior estimation and their training: plain likelihood for simulations from the prior, the atomic
 * loss of SNPE-C for later rounds. Works in the space of z, where the prior is the standard normal; knows nothing of
 * codes or rounds. Source: Greenberg, Nonnenmacher, Macke, "Automatic posterior transformation", ICML 2019.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../base/rng.js";
import type { DensityArchitecture } from "./density-estimator.js";
import { type FitOptions, type FitResult, fitWeights } from "./fit.js";
import { logSumExp, mean } from "./ops.js";
import { compute, lossAndGradient, type ParameterReader } from "./parameters.js";

/** Simulations as the estimator sees them. */
export interface DensityData {
  /** Standardised features, shape (count, f). */
  readonly x: Float32Array;
  readonly count: number;
  /** theta in z, shape (count, d); called once per epoch, may spread codes anew each time. */
  drawTheta(rng: Rng): Float32Array;
  readonly trainRows: Uint32Array;
  readonly validationRows: Uint32Array;
}

export type DensityLoss =
  | { readonly type: "likelihood" }
  /** `atoms` thetas per simulation, its own among them; 2 or more. */
  | { readonly type: "atomic"; readonly atoms: number };

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Mean atomic loss: cross-entropy of finding the first atom of each row, with weights q(theta | x) / p(theta).
 * @param logQ shape (rows, atoms) @param theta shape (rows, atoms, d), in z @returns scalar
 */
export function atomicLoss(logQ: tf.Tensor2D, theta: tf.Tensor3D): tf.Scalar {
  const [rows, , d] = theta.shape;
  const logPrior = tf.sub(tf.mul(tf.sum(tf.square(theta), 2), -0.5), d * LOG_SQRT_2PI);
  const score = tf.sub(logQ, logPrior) as tf.Tensor2D;
  const own = tf.slice(score, [0, 0], [rows, 1]);
  return mean(tf.sub(logSumExp(score), tf.reshape(own, [rows])));
}

/** Loss of a batch. @param theta shape (rows, atoms, d), a row's own theta first @param x shape (rows, f) */
export function densityLoss(
  architecture: DensityArchitecture,
  read: ParameterReader,
  theta: tf.Tensor3D,
  x: tf.Tensor2D,
): tf.Scalar {
  const logQ = architecture.logProb(read, theta, x);
  return theta.shape[1] === 1 ? mean(tf.neg(logQ)) : atomicLoss(logQ, theta);
}

/** Train from `initial`. @throws TrainingDiverged @throws signal.reason */
export function trainDensity(
  architecture: DensityArchitecture,
  initial: Float32Array,
  data: DensityData,
  loss: DensityLoss,
  options: FitOptions,
): Promise<FitResult> {
  const atoms = loss.type === "atomic" ? loss.atoms : 1;
  const noise = options.rng.fork("theta");
  const choices = options.rng.fork("atoms");
  // Validation is frozen: the same spread of codes and the same atoms in every epoch, so that epochs can be compared.
  const frozen = data.drawTheta(options.rng.fork("validation-theta"));
  const validation = gather(data, frozen, data.validationRows, atoms, options.rng.fork("validation-atoms"));
  let theta = frozen;
  return fitWeights(
    {
      name: "density estimator",
      initial,
      trainRows: data.trainRows,
      beginEpoch: () => {
        theta = data.drawTheta(noise);
      },
      lossAndGradient: (weights, rows, gradient) => {
        const batch = gather(data, theta, rows, atoms, choices);
        const value = lossAndGradient(architecture.layout, weights, gradient, (read) =>
          densityLoss(architecture, read, batch.theta(), batch.x()),
        );
        architecture.maskGradient(gradient);
        return value;
      },
      validate: (weights) =>
        compute(architecture.layout, weights, (read) =>
          densityLoss(architecture, read, validation.theta(), validation.x()),
        )[0] as number,
    },
    options,
  );
}

interface Batch {
  theta(): tf.Tensor3D;
  x(): tf.Tensor2D;
}

/** Rows of a batch with their atoms: the own theta first, the others from all training rows, not only this batch. */
function gather(data: DensityData, theta: Float32Array, rows: Uint32Array, atoms: number, rng: Rng): Batch {
  const f = data.x.length / data.count;
  const d = theta.length / data.count;
  const x = new Float32Array(rows.length * f);
  const z = new Float32Array(rows.length * atoms * d);
  rows.forEach((row, i) => {
    x.set(data.x.subarray(row * f, (row + 1) * f), i * f);
    const others = distinctOthers(row, data.trainRows, atoms - 1, rng);
    [row, ...others].forEach((atom, a) => {
      z.set(theta.subarray(atom * d, (atom + 1) * d), (i * atoms + a) * d);
    });
  });
  return {
    theta: () => tf.tensor3d(z.slice(), [rows.length, atoms, d]),
    x: () => tf.tensor2d(x.slice(), [rows.length, f]),
  };
}

/** `count` different members of `pool`, none of them `row`. `pool` holds more than `count` rows. */
function distinctOthers(row: number, pool: Uint32Array, count: number, rng: Rng): number[] {
  const chosen: number[] = [];
  while (chosen.length < count) {
    const candidate = pool[rng.int(pool.length)] as number;
    if (candidate !== row && !chosen.includes(candidate)) chosen.push(candidate);
  }
  return chosen;
}
