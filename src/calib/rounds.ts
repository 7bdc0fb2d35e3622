/**
 * The inference itself: record from the prior, learn an embedding, then narrow the posterior round by round, each round
 * recorded where the one before it believes the codes to be. The embedding is learnt once, on the first round, which
 * covers the whole prior; later rounds only pass through it.
 */
import { isHxError } from "../base/errors.js";
import { priorOf } from "./amortised/neuron-estimator.js";
import { type EmbeddingScale, embeddingScale } from "./diagnostics/predictive.js";
import { type FeatureSource, namesOf, together } from "./embedding/feature-source.js";
import { type LearntFeatures, learnFeatures, spikeFeatures, splitRows } from "./embedding/learn-features.js";
import { repeatsIn, twice } from "./embedding/repeats.js";
import { TraceEmbedding } from "./embedding/trace-embedding.js";
import { Estimation } from "./inference/estimation.js";
import type { Posterior } from "./inference/posterior.js";
import { trainAutoencoder } from "./nn/autoencoder.js";
import { trainTraceDecoder } from "./nn/trace-decoder.js";
import { outOfReach } from "./out-of-reach.js";
import { pickRows } from "./recording/neuron-traces.js";
import { viewLength, viewStride, views, viewsOf } from "./recording/views.js";
import { fewestPerRound, splitSimulations } from "./request.js";
import type { RunFacts, Split, Target, TraceSet } from "./run-data.js";
import { hasPilot, reachesFloor, recordWithPilot } from "./spend.js";
import { type Run, recordStage } from "./stages.js";
import type { NetworkState, RunStore } from "./store.js";

export interface Inference {
  /** The first round's usable traces. */
  readonly dataSet: TraceSet;
  readonly split: Split;
  readonly autoencoder: TraceEmbedding;
  /** What the posterior is conditioned on: the autoencoder's code, or another kind of features. */
  readonly source: FeatureSource;
  /** Spread of the features over the data set. */
  readonly scale: EmbeddingScale;
  /** Features of the target, shape (source.size). */
  readonly xObs: Float32Array;
  readonly posterior: Posterior;
  /** Features of the data set, shape (dataSet.count, source.size). */
  readonly features: Float32Array;
  /** What knows where the last round was proposed. */
  readonly estimation: Estimation;
  readonly perRound: RunFacts["perRound"];
}

/** Run all rounds. @throws TooFewSamples, TrainingDiverged, BatchMismatch, what `Session.run` throws, signal.reason */
export async function inferRounds(run: Run, store: RunStore, target: Target): Promise<Inference> {
  const { task, simulations, rounds, scheme } = run.request;
  const prior = priorOf(task);
  const { kernels, host } = run;
  const { members, steps } = task.estimator;
  const training = steps === undefined ? {} : { plannedSteps: steps };
  const estimation = new Estimation({
    prior,
    kernels,
    host,
    scheme,
    seed: seedOf(run, "estimator"),
    members,
    training,
  });
  const counts = splitSimulations(simulations, rounds);
  const perRound: RunFacts["perRound"][number][] = [];
  /** Record what the estimation proposes, once for each round. */
  const recordNext = async (round: number, xObs: Float32Array | undefined): Promise<TraceSet> => {
    const requested = counts[round - 1] as number;
    if (round === 1 && hasPilot(run, requested)) {
      const set = await recordWithPilot(run, estimation, requested, target);
      perRound.push({ requested, usable: set.count });
      return set;
    }
    // Half of the settings, each recorded twice, when features are learnt from repeats.
    const pairs = round === 1 && task.embedding === "pairs";
    const settings = pairs ? Math.ceil(requested / 2) : requested;
    const proposed = estimation.propose(settings, xObs, run.rng.fork(`round-${round}/theta`));
    const set = await recordRound(
      run,
      round,
      pairs ? twice(proposed.theta, prior.size) : Int32Array.from(proposed.theta),
    );
    perRound.push({ requested, usable: set.count });
    return set;
  };
  const dataSet = await recordNext(1, undefined);
  const split = splitRows(dataSet.count, run.rng.fork("split"));
  const autoencoder = await learnEmbedding(run, dataSet, split);
  await store.putNetwork(autoencoder.state());
  const { source, fresh } = await featuresOf(run, dataSet, autoencoder);
  const features = source.encode(dataSet.traces, dataSet.count);
  const scale = embeddingScale(features, dataSet.count);
  const xObs = source.encode(target.trace, 1);
  const known = { ...dataSet, features, scale };
  for (const text of outOfReach(task, target.trace, xObs, known)) run.progress.notice(text);
  if (fresh === undefined) appendSet(estimation, dataSet, features);
  else estimation.append(pickRows(dataSet.theta, prior.size, fresh), pickRows(features, source.size, fresh));
  let posterior = await trainRound(run, estimation, 1, xObs);
  for (let round = 2; round <= rounds; round++) {
    const stops = await reachesFloor(run, round - 1, target, posterior, { source, scale });
    const set = stops ? undefined : await recordNext(round, xObs).catch(unlessNowhere(run, round));
    if (set === undefined) {
      // The last round would have trained the whole ensemble; now this one does.
      posterior = await trainRound(run, estimation, rounds, xObs);
      break;
    }
    appendSet(estimation, set, source.encode(set.traces, set.count));
    posterior = await trainRound(run, estimation, round, xObs);
  }
  for (const text of [...estimation.notices, ...posterior.warningsOf((list) => namesOf(source, list))])
    run.progress.notice(text);
  for (const network of networksOf(estimation)) await store.putNetwork(network);
  return { dataSet, split, autoencoder, source, scale, xObs, posterior, features, estimation, perRound };
}

/** A posterior far from all simulations may have no place to propose from: then its round is the last. */
function unlessNowhere(run: Run, round: number): (error: unknown) => undefined {
  return (error) => {
    if (!isHxError(error, "DrawBudgetExhausted")) throw error;
    const why = "the posterior, extrapolated from what was recorded, leaves nothing to draw from";
    run.progress.notice(`round ${round} cannot be proposed (${why}): round ${round - 1} is the last`);
    return undefined;
  };
}

/** Recordings of a round with their features; those that could not be used go along with their reasons. */
function appendSet(estimation: Estimation, set: TraceSet, features: Float32Array): void {
  const { rejected = [] } = set;
  const size = features.length / set.count;
  const theta = [...set.theta, ...rejected.flatMap((r) => [...r.theta])];
  const x = new Float32Array((set.count + rejected.length) * size).fill(Number.NaN);
  x.set(features);
  const reasons = [...new Array<undefined>(set.count).fill(undefined), ...rejected.map(({ reason }) => reason)];
  estimation.append(theta, x, reasons);
}

function networksOf(estimation: Estimation): NetworkState[] {
  const { ensemble, prior } = estimation.amortised;
  const { features, members } = ensemble.state();
  return members.map(({ density, linear }, member) => ({
    name: `density-estimator-${member}`,
    config: {
      shape: density.shape,
      linear,
      features,
      prior: prior.toJSON(),
      scheme: estimation.scheme,
      rounds: estimation.round,
    },
    weights: density.weights,
  }));
}

function recordRound(run: Run, round: number, theta: Int32Array): Promise<TraceSet> {
  const { rounds, task } = run.request;
  const label = rounds === 1 ? "recording the data set" : `recording, round ${round} of ${rounds}`;
  const count = theta.length / task.parameters.length;
  // With less than half of what was asked for, the usable settings are no longer a sample of the proposal.
  const needed = Math.max(Math.ceil(count / 2), Math.min(fewestPerRound, count));
  return recordStage(run, { phase: "record", name: `round-${round}`, label, needed }, theta);
}

async function learnEmbedding(run: Run, dataSet: TraceSet, split: Split): Promise<TraceEmbedding> {
  const { count, grid } = dataSet;
  const { task } = run.request;
  const { latentSize, epochs, decoderEpochs, batchSize, learningRate } = task.autoencoder;
  const traces = viewsOf(task, dataSet.traces, count);
  const data = { traces, count, length: viewLength(task), channelWeights: views.map(({ weight }) => weight) };
  const shared = { batchSize, learningRate, ...(run.signal === undefined ? {} : { signal: run.signal }) };
  return await run.progress.phase(
    "autoencoder",
    "training the autoencoder",
    epochs + decoderEpochs,
    "epochs",
    async (advance) => {
      const autoencoder = await trainAutoencoder(data, split, {
        ...shared,
        latentSize,
        epochs,
        outerStride: viewStride,
        kernels: run.kernels,
        seed: seedOf(run, "autoencoder"),
        onEpoch: ({ epoch, train, validation }) =>
          advance(epoch, `loss ${train.toFixed(4)}, validation ${validation.toFixed(4)}`),
      });
      const codes = autoencoder.encode(traces, count);
      const decoder = await trainTraceDecoder({ codes, traces: dataSet.traces, count, length: grid.length }, split, {
        ...shared,
        epochs: decoderEpochs,
        seed: seedOf(run, "trace-decoder"),
        onEpoch: (epoch, train) => advance(epochs + epoch, `decoder of whole traces, loss ${train.toFixed(4)}`),
      });
      return new TraceEmbedding(task, autoencoder, decoder);
    },
    ({ history }) => `test loss ${(history.test.at(-1) ?? Number.NaN).toFixed(4)}`,
  );
}

/** The features that the task asks for; those of the autoencoder are there already. */
async function featuresOf(
  run: Run,
  { traces, count, theta }: TraceSet,
  autoencoder: TraceEmbedding,
): Promise<LearntFeatures> {
  const { task } = run.request;
  if (task.embedding === "autoencoder") return { source: autoencoder, fresh: undefined };
  if (task.embedding === "autoencoder-and-spike-features") {
    return { source: together(task.embedding, autoencoder, spikeFeatures(task)), fresh: undefined };
  }
  const options = { kernels: run.kernels, host: run.host, seed: seedOf(run, "features"), signal: run.signal };
  const repeatOf = repeatsIn(theta, task.parameters.length);
  return await learnFeatures(task.embedding, task, priorOf(task), { traces, count, theta, repeatOf }, options);
}

async function trainRound(run: Run, estimation: Estimation, round: number, xObs: Float32Array): Promise<Posterior> {
  const { rounds } = run.request;
  const label = `training the posterior, round ${round} of ${rounds}`;
  // How many epochs the planned steps make is known when the first one is over; the display counts in hundredths.
  // Share of its steps that each member has behind it; they may train at the same time.
  const done = new Map<number, number>();
  await run.progress.phase("posterior", label, 100, "%", (advance) =>
    estimation.train({
      draft: round < rounds,
      signal: run.signal,
      onEpoch: ({ member, members, epoch, plannedEpochs, trainLoss, validationLoss }) => {
        // Members before this one that trained alone may have stopped early.
        if (run.host === undefined) for (let m = 0; m < member; m++) done.set(m, 1);
        done.set(member, Math.min(1, epoch / plannedEpochs));
        const share = [...done.values()].reduce((sum, part) => sum + part, 0) / members;
        advance(Math.floor(100 * share), `loss ${trainLoss.toFixed(3)}, validation ${validationLoss.toFixed(3)} nats`);
      },
    }),
  );
  return estimation.posterior(xObs);
}

/** A seed for a component that makes its own streams. */
function seedOf(run: Run, label: string): number {
  return run.rng.fork(label).nextUint32();
}
