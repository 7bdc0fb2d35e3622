/**
 * One neuron on the chip's time grid: its registers' history, its quantities and its state, in stretches over which
 * everything is constant. While nobody observes it, changes of its registers are kept with their times; when observation
 * starts, a warm-up window before that moment is integrated with those changes in place, instead of the whole idle stretch
 * (docs/chip-model.md, "Lazy integration"). Who is integrated when, and together with whom, is the population's business.
 */
import type { Rng } from "../base/rng.js";
import { type AtomicNeuron, capMemCellOfNeuron, neuronCapMemRows } from "../protocol/index.js";
import type { CapMem } from "./blocks/capmem.js";
import type { NeuronJoins } from "./blocks/neuron-joins.js";
import { decodeSettings, type NeuronSettings, type NeuronWords } from "./blocks/neuron-switches.js";
import type { Imperfections } from "./imperfections.js";
import type { NoiseStream } from "./noise.js";
import {
  CircuitNoise,
  createAdexState,
  type SynapticInput,
  settleAtRest,
  stepUs,
  unitsPerStep,
} from "./physics/adex.js";
import { deriveParameters } from "./physics/circuit.js";
import type { Defect } from "./physics/defects.js";
import { LevelDrift } from "./physics/drift.js";
import { drawMismatch } from "./physics/mismatch.js";
import { createAdexParameters } from "./physics/parameters.js";
import { coefficientCount, deriveCoefficients } from "./physics/propagator.js";
import { longestRun } from "./physics/stepper.js";
import { SynapticEvents } from "./synaptic-events.js";

/** Longest warm-up, steps: 1 ms. */
const longestWarmUp = 62_500;
/** Warm-up in units of the slowest time constant. */
const warmUpConstants = 5;
/** Settings of a neuron that are kept decoded. */
const mostDecoded = 6;
/** Runs after which quantities are taken anew while no level is on its way, and only drift changes them: 131 us. */
const settledRuns = 4;
/** A spike comparator with less bias than this, codes, does not work. */
const leastComparatorBias = 10;

/** What all neurons share. */
export interface NeuronEnvironment {
  readonly membraneNoise: NoiseStream;
  readonly driftNoise: NoiseStream;
  /** Stream of the chip's fixed-pattern variation. */
  readonly mismatch: Rng;
  readonly imperfections: Imperfections;
  readonly capMem: CapMem;
  /** Cells of the biases that a neuron shares with its quadrant: spike comparator, followers of leak and reset. */
  readonly biasCells: (neuron: AtomicNeuron) => { readonly comparator: number; readonly follower: number };
  readonly defect: (neuron: AtomicNeuron) => Defect | undefined;
  /** A neuron spiked at the end of a step; called in order of time for each neuron. */
  readonly onSpike: (neuron: AtomicNeuron, step: number) => void;
}

interface Change {
  readonly step: number;
  /** New register words, or undefined for a forced spike. */
  readonly words: NeuronWords | undefined;
}

export class Neuron {
  readonly index: AtomicNeuron;
  readonly parameters = createAdexParameters();
  readonly coefficients = new Float64Array(coefficientCount);
  readonly state = createAdexState();
  readonly noise: CircuitNoise;
  observers = 0;
  readonly #environment: NeuronEnvironment;
  readonly #drift: LevelDrift;
  readonly #mismatch: ReturnType<typeof drawMismatch>;
  readonly #defect: Defect | undefined;
  readonly #firstCell: number;
  readonly #level = new Float64Array(neuronCapMemRows.length);
  /** Changes after `step`, in order of time. */
  readonly #changes: Change[] = [];
  readonly #events = new SynapticEvents();
  #settings: NeuronSettings;
  /** What was decoded lately, newest first: protocols switch to and fro between a few. */
  #decoded: { readonly words: NeuronWords; readonly settings: NeuronSettings }[] = [];
  #joins: NeuronJoins;
  #step = 0;
  #refreshAt = 0;
  #isLive = false;

  constructor(index: AtomicNeuron, words: NeuronWords, environment: NeuronEnvironment) {
    const { imperfections, mismatch, driftNoise, membraneNoise } = environment;
    this.index = index;
    this.noise = new CircuitNoise(membraneNoise, index);
    this.#environment = environment;
    this.#drift = new LevelDrift(driftNoise, index, this.#level.length, imperfections.drift);
    this.#mismatch = drawMismatch(mismatch, index, imperfections.mismatch);
    this.#defect = environment.defect(index);
    this.#firstCell = capMemCellOfNeuron(index, neuronCapMemRows[0]);
    this.#settings = this.#settingsOf(words);
    this.#joins = this.#settings.joins;
  }

  /** The state holds at the start of this step; undefined while there is none to go on from. */
  get step(): number | undefined {
    return this.#isLive ? this.#step : undefined;
  }

  /** Switches to other neurons, as the registers have them now. */
  get joins(): NeuronJoins {
    return this.#joins;
  }

  /** Time begins anew: no state, no history; the registers have had these words since ever. */
  restart(words: NeuronWords): void {
    this.#changes.length = 0;
    this.#events.clear();
    this.#settings = this.#settingsOf(words);
    this.#joins = this.#settings.joins;
    this.#isLive = false;
    this.observers = 0;
  }

  /** The registers have these words from a step on. An observed neuron must have been advanced to that step. */
  change(step: number, words: NeuronWords): void {
    this.#record({ step, words });
    this.#joins = this.#settingsOf(words).joins;
  }

  /** A level that acts on this neuron has begun to move. */
  noteLevels(): void {
    if (this.#isLive) this.#refreshAt = Math.min(this.#refreshAt, endOfRun(this.#step));
  }

  /** A spike commanded by the digital side. */
  forceSpike(step: number): void {
    this.#record({ step, words: undefined });
  }

  /**
   * An event at a synaptic input. A neuron that has state must not have been integrated beyond that step.
   * @param amplitude voltage added to the input, V
   */
  synapticEvent(step: number, input: SynapticInput, amplitude: number): void {
    this.#events.push(step, input, amplitude);
    if (this.observers === 0) this.#events.forget(step - longestWarmUp);
  }

  #record(change: Change): void {
    const last = this.#changes.at(-1);
    if (last && last.step === change.step && last.words && change.words) this.#changes.pop();
    this.#changes.push(change);
    // What lies before every possible warm-up is history: it only sets where the circuit starts from.
    if (this.observers === 0) this.#forget(change.step - longestWarmUp);
  }

  #settingsOf(words: NeuronWords): NeuronSettings {
    const known = this.#decoded.find((entry) => entry.words.every((word, i) => word === words[i]));
    if (known) return known.settings;
    const settings = decodeSettings(words);
    this.#decoded = [{ words, settings }, ...this.#decoded.slice(0, mostDecoded - 1)];
    return settings;
  }

  #forget(before: number): void {
    this.#events.forget(before);
    let count = 0;
    while (count < this.#changes.length && (this.#changes[count] as Change).step < before) count++;
    if (count === 0) return;
    const words = this.#changes.slice(0, count).findLast((change) => change.words)?.words;
    if (words) this.#settings = this.#settingsOf(words);
    this.#changes.splice(0, count);
    this.#isLive = false;
  }

  /** Whether the state can be integrated on to a step instead of beginning anew. */
  canGoOn(step: number): boolean {
    return this.#isLive && step - this.#step <= longestWarmUp;
  }

  /** First step of the warm-up for an observation from a step on, with the registers as they are at its far end. */
  warmUpStart(step: number): number {
    this.#forget(step - longestWarmUp);
    this.#refresh(Math.max(0, step - longestWarmUp));
    // On the grid of refreshes, so that neurons that begin together are integrated together.
    return Math.max(0, Math.floor((step - this.#warmUpSteps()) / longestRun) * longestRun);
  }

  /** Put the circuit at rest. */
  begin(start: number): void {
    this.#forget(start);
    this.#refresh(start);
    settleAtRest(this.state, this.parameters);
    this.#applyForcedReset();
    this.#step = start;
    this.#isLive = true;
  }

  /** Make everything ready for the stretch from `step` on. @returns the step up to which nothing changes */
  prepare(reportsSpikes: boolean): number {
    this.#applyChanges(reportsSpikes);
    if (this.#step >= this.#refreshAt) this.#refresh(this.#step);
    this.#events.applyUpTo(this.#step, this.state);
    const end = Math.min(this.#refreshAt, endOfRun(this.#step), this.#events.next);
    const change = this.#changes[0];
    return change === undefined ? end : Math.min(end, change.step);
  }

  /** `count` steps have been integrated; `spikes` of them ended with a spike. */
  finish(count: number, spikeSteps: Uint32Array, spikes: number, reportsSpikes: boolean): void {
    if (reportsSpikes) {
      for (let i = 0; i < spikes; i++)
        this.#environment.onSpike(this.index, this.#step + (spikeSteps[i] as number) + 1);
    }
    this.#step += count;
  }

  #applyChanges(reportsSpikes: boolean): void {
    for (;;) {
      const change = this.#changes[0];
      if (!change || change.step > this.#step) return;
      this.#changes.shift();
      if (change.words) {
        this.#settings = this.#settingsOf(change.words);
        this.#refresh(this.#step);
        this.#applyForcedReset();
      } else {
        const { refractorySteps, resetSteps, pulseSteps } = this.parameters;
        this.state.refractoryUntil = this.#step - 1 + refractorySteps;
        this.state.resetUntil = this.#step + resetSteps;
        this.state.pulseUntil = this.#step + pulseSteps;
        if (this.#isHeldInReset) this.#applyForcedReset();
        if (reportsSpikes) this.#environment.onSpike(this.index, this.#step);
      }
    }
  }

  get #isHeldInReset(): boolean {
    return this.#settings.forceReset || this.#defect === "stuckInReset";
  }

  #applyForcedReset(): void {
    if (this.#isHeldInReset) {
      this.state.resetUntil = Infinity;
      this.state.refractoryUntil = Infinity;
    } else if (this.state.resetUntil === Infinity) {
      this.state.resetUntil = 0;
      this.state.refractoryUntil = 0;
    }
  }

  /** Quantities from the cell levels at the start of a step. */
  #refresh(step: number): void {
    const { capMem, imperfections, biasCells } = this.#environment;
    const time = step * unitsPerStep;
    const level = this.#level;
    const first = this.#firstCell;
    const { comparator, follower } = biasCells(this.index);
    let isSettled = capMem.isSettled(comparator, time) && capMem.isSettled(follower, time);
    for (let row = 0; row < level.length; row++) {
      level[row] = capMem.level(first + row, time);
      isSettled &&= capMem.isSettled(first + row, time);
    }
    this.#drift.addTo(level, step);
    const p = this.parameters;
    const followerBias = capMem.level(follower, time);
    deriveParameters(p, level, this.#settings.switches, this.#mismatch, imperfections.trialNoise, followerBias);
    if (this.#defect === "silent" || capMem.level(comparator, time) < leastComparatorBias) p.fires = false;
    deriveCoefficients(this.coefficients, p, stepUs);
    this.state.exponential = Number.NaN;
    const runs = isSettled ? settledRuns : 1;
    this.#refreshAt = (Math.floor(step / (runs * longestRun)) + 1) * runs * longestRun;
  }

  #warmUpSteps(): number {
    const p = this.parameters;
    const membrane = p.capacitance / p.leakConductance;
    const adaptation = p.adaptationTransconductance === 0 ? 0 : 1 / p.adaptationRate;
    const synaptic = Math.max(
      p.excitatoryTransconductance === 0 ? 0 : p.excitatoryTau,
      p.inhibitoryTransconductance === 0 ? 0 : p.inhibitoryTau,
    );
    const steps = Math.ceil((warmUpConstants * Math.max(membrane, adaptation, synaptic)) / stepUs);
    return Math.min(longestWarmUp, steps);
  }
}

/** Where the run ends that a step lies in. */
function endOfRun(step: number): number {
  return (Math.floor(step / longestRun) + 1) * longestRun;
}
