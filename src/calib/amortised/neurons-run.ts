/** What all stages of a calibration of many neurons share: the neurons, their recordings, progress, randomness. */
import type { Clock } from "../../base/clock.js";
import { Rng } from "../../base/rng.js";
import type { Session } from "../../device/interface/index.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { CalibrationListener } from "../events.js";
import type { TrainingHost } from "../flow/training-host.js";
import type { Prior } from "../inference/priors/prior.js";
import { advanceRecordings, Progress, type SecondsSpent } from "../progress.js";
import type { BatchStore } from "../recording/batch-runner.js";
import { NeuronsRecorder } from "../recording/neurons-recorder.js";
import type { Candidate } from "./assess-neuron.js";
import { type EstimatorSettings, priorOf } from "./neuron-estimator.js";
import { Population, type PopulationTraces, type Wanted } from "./population.js";
import { type NeuronsRequest, targetCodes } from "./request.js";

export interface NeuronsContext {
  readonly store: BatchStore;
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly host?: TrainingHost | undefined;
  readonly listener?: CalibrationListener;
  readonly signal?: AbortSignal | undefined;
  /** Seconds that earlier sessions of a resumed run spent. */
  readonly earlier?: SecondsSpent;
}

export class NeuronsRun {
  readonly request: NeuronsRequest;
  readonly context: NeuronsContext;
  readonly progress: Progress;
  readonly recordings = { probe: 0, simulations: 0, all: 0 };
  readonly population: Population;
  readonly candidates: readonly Candidate[];
  readonly prior: Prior;
  readonly rng: Rng;

  constructor(session: Session, request: NeuronsRequest, context: NeuronsContext) {
    const { task, neurons, seed, given } = request;
    this.request = request;
    this.context = context;
    this.progress = new Progress(context.clock, context.listener);
    const recorder = new NeuronsRecorder(session, { task, seed, given }, context.store, context.signal);
    this.population = new Population(
      task,
      [{ name: "chip", recorder }],
      neurons.map((neuron) => ({ chip: 0, neuron })),
    );
    const codes = targetCodes(request);
    this.candidates = neurons.map((neuron, member) => {
      return {
        member,
        neuron,
        failure: undefined,
        truth: codes?.[member],
        target: undefined,
        posterior: undefined,
        doubts: [],
      };
    });
    this.prior = priorOf(task);
    this.rng = Rng.fromSeed(seed).fork("neurons");
  }

  /** Those that have not failed. */
  get alive(): Candidate[] {
    return this.candidates.filter(({ failure }) => failure === undefined);
  }

  async record(
    phase: "target" | "record" | "predictive",
    stage: string,
    label: string,
    wanted: readonly Wanted[],
  ): Promise<PopulationTraces> {
    const set = await this.progress.phase(
      phase,
      label,
      wanted.length,
      "experiments",
      (advance) => this.population.record(stage, wanted, (done, kept) => advanceRecordings(advance, done, kept)),
      ({ count }) => `${count} of ${wanted.length} usable`,
    );
    this.recordings.all += wanted.length;
    if (set.reasons.size > 0) {
      const list = [...set.reasons].map(([reason, n]) => `${n} ${reason}`).join(", ");
      this.progress.notice(
        `${stage}: ${wanted.length - set.count} of ${wanted.length} recordings could not be used (${list})`,
      );
    }
    return set;
  }

  settings(seed: number): EstimatorSettings {
    const { kernels, host } = this.context;
    const { members, steps } = this.request.task.estimator;
    return { kernels, host, seed, members: Math.max(members, 3), steps };
  }
}
