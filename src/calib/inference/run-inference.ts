/**
 * Simulation-based inference from end to end for simulators that are functions: rounds of proposing, simulating and
 * training. Simulations that fail are kept with their reason and never stop a run; everything follows from one seed.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import { ObservationInvalid, SimulatorFailed } from "./errors.js";
import { Estimation } from "./estimation.js";
import type { EstimationOptions } from "./estimation-options.js";
import { type AmortisedPosterior, checkObservation, type Posterior } from "./posterior.js";
import type { EpochProgress } from "./train-ensemble.js";

/** What a simulator may give for a batch of parameters. */
export interface SimulatedBatch {
  /** Row-major, shape (count, numFeatures). */
  readonly x: ArrayLike<number>;
  /** Why a row cannot be used, where it cannot; its values do not matter then. */
  readonly invalid?: readonly (string | undefined)[];
}

/** A row of data, a whole batch of them, or a promise of one. */
export type Simulator = (
  /** Shape (count, numParameters), row-major. */
  theta: Float64Array,
  context: {
    readonly count: number;
    readonly rng: Rng;
    readonly round: number;
    readonly signal: AbortSignal | undefined;
  },
) => SimulatedBatch | ArrayLike<number> | Promise<SimulatedBatch | ArrayLike<number>>;

export interface InferenceOptions extends EstimationOptions {
  readonly simulator: Simulator;
  /** The observation, shape (numFeatures); needed by sequential schemes. */
  readonly xObs?: ArrayLike<number>;
  /** Simulations in all rounds together. */
  readonly simulations: number;
  /** Default 3 for sequential schemes, 1 for `npe`. */
  readonly rounds?: number;
  /** Parameters per call of the simulator. Default 1000. */
  readonly simulatorBatch?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: InferenceProgress) => void;
}

export type InferenceProgress =
  | {
      readonly stage: "simulate";
      readonly round: number;
      readonly rounds: number;
      readonly done: number;
      readonly total: number;
    }
  | ({ readonly stage: "train"; readonly round: number; readonly rounds: number } & EpochProgress);

export interface RoundReport {
  readonly round: number;
  readonly simulated: number;
  readonly usable: number;
  /** Share of usable simulations of this round. */
  readonly usableShare: number;
  readonly proposal: "prior" | "truncated prior" | "posterior";
  readonly acceptanceRate: number;
}

export interface InferenceResult {
  /** For any observation (`npe`), or near `xObs` (sequential schemes). */
  readonly amortised: AmortisedPosterior;
  /** Given `xObs`, when there is one. */
  readonly posterior: Posterior | undefined;
  readonly rounds: readonly RoundReport[];
  /** What a reader of the result must know. */
  readonly notices: readonly string[];
}

/** Simulations from which on `tsnpe` learns the likelihood too unless told otherwise; with fewer, too few choose how to pool. */
const enoughForBoth = 1000;
/** Share of the first round, which covers the prior; a likelihood learns more from the later ones. */
const firstShare = { posterior: 0.4, likelihood: 0.25 };

/** Simulations per round: the first gets its share, the others share the rest. */
function simulationsPerRound(simulations: number, rounds: number, share: number): number[] {
  if (rounds === 1) return [simulations];
  const first = Math.round(share * simulations);
  const rest = simulations - first;
  const upTo = (i: number): number => Math.floor((rest * i) / (rounds - 1));
  return [first, ...Array.from({ length: rounds - 1 }, (_, i) => upTo(i + 1) - upTo(i))];
}

/**
 * @throws FieldOutOfRange @throws PriorInvalid @throws ObservationInvalid @throws SimulatorFailed
 * @throws DrawBudgetExhausted @throws TrainingDiverged @throws signal.reason
 */
export async function runInference(options: InferenceOptions): Promise<InferenceResult> {
  const { prior, simulator, simulations, xObs, seed, signal, onProgress, simulatorBatch = 1000, ...rest } = options;
  signal?.throwIfAborted();
  const scheme = options.scheme ?? "tsnpe";
  const rounds = options.rounds ?? (scheme === "npe" ? 1 : 3);
  checkBudget(simulations, rounds, simulatorBatch);
  if (scheme !== "npe" && xObs === undefined) {
    throw new ObservationInvalid(`scheme ${scheme} narrows the proposal around an observation: give xObs, or take npe`);
  }
  if (xObs !== undefined) checkObservation(xObs);
  const likelihood = options.likelihood ?? (scheme === "tsnpe" && simulations >= enoughForBoth);
  const estimation = new Estimation({ ...rest, likelihood, prior, seed });
  const root = Rng.fromSeed(seed).fork("inference");
  const reports: RoundReport[] = [];
  const counts = simulationsPerRound(simulations, rounds, firstShare[likelihood ? "likelihood" : "posterior"]);
  for (const [index, count] of counts.entries()) {
    const round = index + 1;
    const rng = root.fork(`round-${round}`);
    const proposed = estimation.propose(count, xObs, rng.fork("propose"));
    for (let from = 0; from < count; from += simulatorBatch) {
      signal?.throwIfAborted();
      const theta = proposed.theta.slice(from * prior.size, (from + simulatorBatch) * prior.size);
      const rows = theta.length / prior.size;
      const context = { count: rows, rng: rng.fork(`simulate-${from}`), round, signal };
      const { x, invalid } = asBatch(await simulator(theta, context));
      checkWidth(x.length, rows, xObs?.length ?? estimation.simulations.numFeatures);
      estimation.append(theta, x, invalid);
      onProgress?.({ stage: "simulate", round, rounds, done: from + rows, total: count });
    }
    const onEpoch = (progress: EpochProgress): void => onProgress?.({ stage: "train", round, rounds, ...progress });
    await estimation.train({ signal, onEpoch, draft: round < rounds });
    const { simulated, usable } = estimation.simulations.roundCounts(round);
    const { from: proposal, acceptanceRate } = proposed;
    reports.push({ round, simulated, usable, usableShare: usable / simulated, proposal, acceptanceRate });
  }
  const posterior = xObs === undefined ? undefined : estimation.posterior(xObs);
  const notices = [...estimation.notices, ...(posterior?.warnings ?? [])];
  return { amortised: estimation.amortised, posterior, rounds: reports, notices };
}

function asBatch(given: SimulatedBatch | ArrayLike<number>): SimulatedBatch {
  return "x" in given ? given : { x: given };
}

function checkWidth(values: number, rows: number, expected: number): void {
  const width = values / rows;
  if (Number.isInteger(width) && width > 0 && (expected === 0 || width === expected)) return;
  const want = expected === 0 ? "the same number for each" : `${expected} for each, as the observation has`;
  throw new SimulatorFailed(0, rows, `it gave ${values} values for ${rows} rows of parameters instead of ${want}`);
}

function checkBudget(simulations: number, rounds: number, simulatorBatch: number): void {
  const atLeast = (name: string, value: number, least: number, most: number): void => {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new FieldOutOfRange(name, value, `the integers ${least}..${most}`);
    }
  };
  atLeast("rounds", rounds, 1, 20);
  atLeast("simulations", simulations, 100 * rounds, 10_000_000);
  atLeast("simulatorBatch", simulatorBatch, 1, 10_000_000);
}
