/**
 * One neuron on the chip's time grid, integrated only while somebody observes it. While nobody does, changes of its
 * registers are kept with their times; when observation starts, a warm-up window before that moment is integrated with
 * those changes in place, instead of the whole idle stretch (docs/chip-model.md, "Lazy integration"). The result depends
 * on when observation starts, never on how the time in between is cut.
 */
import type { Rng } from "../base/rng.js";
import { type AtomicNeuron, capMemCellOfNeuron, neuronCapMemRows } from "../protocol/index.js";
import type { CapMem } from "./blocks/capmem.js";
import { decodeSettings, type NeuronSettings, type NeuronWords } from "./blocks/neuron-switches.js";
import type { Imperfections } from "./imperfections.js";
import type { NoiseStream } from "./noise.js";
import { type AdexTrace, createAdexTrace, settleAtRest, stepAdex, stepUs, unitsPerStep } from "./physics/adex.js";
import { createAdexParameters, deriveParameters } from "./physics/circuit.js";
import { LevelDrift } from "./physics/drift.js";
import { drawMismatch } from "./physics/mismatch.js";

/** Cell levels and drift are read anew at multiples of this many steps (33 us). */
const refreshInterval = 2048;
/** Longest warm-up, steps: 1 ms. */
const longestWarmUp = 62_500;
/** Warm-up in units of the slowest time constant. */
const warmUpConstants = 5;
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
  /** Cell of the spike comparator's bias in a neuron's quadrant. */
  readonly comparatorBiasCell: (neuron: AtomicNeuron) => number;
  /** A neuron spiked at the end of a step; called in order of time for each neuron. */
  readonly onSpike: (neuron: AtomicNeuron, step: number) => void;
}

/** Receives a stretch of the trace; the arrays are reused, `count` values are valid. */
export type TraceSink = (trace: AdexTrace, count: number) => void;

interface Change {
  readonly step: number;
  /** New register words, or undefined for a forced spike. */
  readonly words: NeuronWords | undefined;
}

export class Neuron {
  readonly index: AtomicNeuron;
  readonly #environment: NeuronEnvironment;
  readonly #drift: LevelDrift;
  readonly #mismatch: ReturnType<typeof drawMismatch>;
  readonly #firstCell: number;
  readonly #level = new Float64Array(neuronCapMemRows.length);
  readonly #parameters = createAdexParameters();
  readonly #state = { v: 0, w: 0, refractoryLeft: 0, resetLeft: 0, pulseLeft: 0 };
  /** Changes after `#step`, in order of time. */
  readonly #changes: Change[] = [];
  #settings: NeuronSettings;
  /** The state holds at the start of this step; meaningless while `#isLive` is false. */
  #step = 0;
  #refreshAt = 0;
  #isLive = false;
  #observers = 0;

  constructor(index: AtomicNeuron, words: NeuronWords, environment: NeuronEnvironment) {
    const { imperfections, mismatch, driftNoise } = environment;
    this.index = index;
    this.#environment = environment;
    this.#drift = new LevelDrift(driftNoise, index, this.#level.length, imperfections.drift);
    this.#mismatch = drawMismatch(mismatch, index, imperfections.mismatch);
    this.#firstCell = capMemCellOfNeuron(index, neuronCapMemRows[0]);
    this.#settings = decodeSettings(words);
  }

  get isObserved(): boolean {
    return this.#observers > 0;
  }

  /** The registers have these words from a step on. Observed neurons must have been advanced to that step. */
  change(step: number, words: NeuronWords): void {
    this.#record({ step, words });
  }

  /** A spike commanded by the digital side. */
  forceSpike(step: number): void {
    this.#record({ step, words: undefined });
  }

  #record(change: Change): void {
    const last = this.#changes.at(-1);
    if (last && last.step === change.step && last.words && change.words) this.#changes.pop();
    this.#changes.push(change);
    // What lies before every possible warm-up is history: it only sets where the circuit starts from.
    if (!this.isObserved) this.#forget(change.step - longestWarmUp);
  }

  #forget(before: number): void {
    let count = 0;
    while (count < this.#changes.length && (this.#changes[count] as Change).step < before) count++;
    if (count === 0) return;
    const words = this.#changes.slice(0, count).findLast((change) => change.words)?.words;
    if (words) this.#settings = decodeSettings(words);
    this.#changes.splice(0, count);
    this.#isLive = false;
  }

  /** Somebody looks at the neuron from this step on. */
  observe(step: number): void {
    if (this.#observers++ > 0) return;
    if (this.#isLive && step - this.#step <= longestWarmUp) {
      this.#integrate(step, undefined, false);
      return;
    }
    this.#forget(step - longestWarmUp);
    this.#refresh(Math.max(0, step - longestWarmUp));
    const start = Math.max(0, step - this.#warmUpSteps());
    this.#forget(start);
    this.#refresh(start);
    settleAtRest(this.#state, this.#parameters);
    this.#applyForcedReset();
    this.#step = start;
    this.#isLive = true;
    this.#integrate(step, undefined, false);
  }

  /** One observer less. The neuron must have been advanced to this step. */
  unobserve(): void {
    this.#observers--;
  }

  /**
   * Membrane and adaptation voltage at the start of a step, V. Integrates a neuron that nobody observes from its warm-up
   * on. An observed neuron must have been advanced to that step. The object is the neuron's own: read it, keep it not.
   */
  probe(step: number): Readonly<{ v: number; w: number }> {
    this.observe(step);
    this.unobserve();
    return this.#state;
  }

  /** Integrate to a step. Does nothing for a neuron that nobody observes. */
  advance(toStep: number, sink?: TraceSink): void {
    if (this.isObserved) this.#integrate(toStep, sink, true);
  }

  #integrate(toStep: number, sink: TraceSink | undefined, reportsSpikes: boolean): void {
    while (this.#step < toStep) {
      this.#applyChanges(reportsSpikes);
      if (this.#step >= this.#refreshAt) this.#refresh(this.#step);
      const nextChange = this.#changes[0]?.step ?? Infinity;
      const count = Math.min(toStep, this.#refreshAt, nextChange) - this.#step;
      stepAdex(this.#parameters, this.#state, trace, this.#step, count, this.#environment.membraneNoise, this.index);
      if (reportsSpikes) {
        for (let i = 0; i < trace.spikeCount; i++)
          this.#environment.onSpike(this.index, this.#step + (trace.spikeSteps[i] as number) + 1);
      }
      this.#step += count;
      sink?.(trace, count);
    }
  }

  #applyChanges(reportsSpikes: boolean): void {
    for (;;) {
      const change = this.#changes[0];
      if (!change || change.step > this.#step) return;
      this.#changes.shift();
      if (change.words) {
        this.#settings = decodeSettings(change.words);
        this.#refresh(this.#step);
        this.#applyForcedReset();
      } else {
        const p = this.#parameters;
        this.#state.refractoryLeft = p.refractorySteps;
        this.#state.resetLeft = p.resetSteps;
        this.#state.pulseLeft = p.pulseSteps;
        if (reportsSpikes) this.#environment.onSpike(this.index, this.#step);
      }
    }
  }

  #applyForcedReset(): void {
    if (this.#settings.forceReset) {
      this.#state.resetLeft = Infinity;
      this.#state.refractoryLeft = Infinity;
    } else if (this.#state.resetLeft === Infinity) {
      this.#state.resetLeft = 0;
      this.#state.refractoryLeft = 0;
    }
  }

  /** Parameters from the cell levels at the start of a step. */
  #refresh(step: number): void {
    const { capMem, imperfections, comparatorBiasCell } = this.#environment;
    const time = step * unitsPerStep;
    const level = this.#level;
    for (let row = 0; row < level.length; row++) level[row] = capMem.level(this.#firstCell + row, time);
    this.#drift.addTo(level, step);
    const p = this.#parameters;
    deriveParameters(p, level, this.#settings.switches, this.#mismatch, imperfections.trialNoise);
    if (capMem.level(comparatorBiasCell(this.index), time) < leastComparatorBias) p.fires = false;
    this.#refreshAt = (Math.floor(step / refreshInterval) + 1) * refreshInterval;
  }

  #warmUpSteps(): number {
    const p = this.#parameters;
    const membrane = p.capacitance / p.leakConductance;
    const adaptation = p.adaptationTransconductance === 0 ? 0 : 1 / p.adaptationRate;
    const steps = Math.ceil((warmUpConstants * Math.max(membrane, adaptation)) / stepUs);
    return Math.min(longestWarmUp, steps);
  }
}

/** The trace of the stretch at hand; one for all neurons, as none outlives its sink. */
const trace = createAdexTrace(refreshInterval);
