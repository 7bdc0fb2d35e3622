/**
 * The chip's neurons: made when first touched, observed or idle, joined by switches or alone. Integrates those that are
 * observed, single circuits side by side, joined ones together. What a neuron does depends on when its observation
 * started and on what it is joined with, never on which others are integrated, nor on how the time is cut.
 */
import type { AtomicNeuron } from "../protocol/index.js";
import { findGroup } from "./blocks/neuron-joins.js";
import type { NeuronWords } from "./blocks/neuron-switches.js";
import { Neuron, type NeuronEnvironment } from "./neuron.js";
import { type AdexState, type AdexTrace, createAdexTrace, type SynapticInput, stepUs } from "./physics/adex.js";
import { Network, type NetworkMember } from "./physics/network.js";
import { type CircuitStepper, longestRun } from "./physics/stepper.js";

/** Receives a stretch of a neuron's trace; the arrays are reused, `count` values are valid. */
export type TraceSink = (neuron: AtomicNeuron, trace: AdexTrace, count: number) => void;

export interface PopulationEnvironment extends NeuronEnvironment {
  readonly stepper: CircuitStepper;
  /** Words of a neuron's registers at power-up, and now. */
  readonly powerUpWords: NeuronWords;
  readonly wordsOf: (neuron: AtomicNeuron) => NeuronWords;
  /** Called before a neuron is integrated over [from, to): the last chance to give it synaptic events of that time. */
  readonly collectInputs?: (neuron: AtomicNeuron, from: number, to: number) => void;
}

/** Joined neurons and what integrates them. */
interface Group {
  readonly neurons: readonly Neuron[];
  readonly network: Network;
  readonly members: readonly NetworkMember[];
}

export class Population {
  readonly #environment: PopulationEnvironment;
  readonly #neurons = new Map<AtomicNeuron, Neuron>();
  /** Neurons with a switch to others closed. */
  readonly #joined = new Set<AtomicNeuron>();
  /** Groups as the switches stand, by member. */
  readonly #groups = new Map<AtomicNeuron, Group | undefined>();

  constructor(environment: PopulationEnvironment) {
    this.#environment = environment;
  }

  /** Time begins anew: nobody is observed, no circuit has state; registers stay as they are. */
  restart(): void {
    for (const neuron of this.#neurons.values()) neuron.restart(this.#environment.wordsOf(neuron.index));
    this.#groups.clear();
  }

  /** As after power-up. */
  reset(): void {
    this.#neurons.clear();
    this.#joined.clear();
    this.#groups.clear();
  }

  /** A neuron's registers have changed at a step, to which observed neurons have been advanced. */
  change(index: AtomicNeuron, step: number): void {
    const neuron = this.#neuron(index, this.#environment.powerUpWords);
    const { key } = neuron.joins;
    neuron.change(step, this.#environment.wordsOf(index));
    if (key === neuron.joins.key) return;
    this.#groups.clear();
    if (neuron.joins.key === 0) this.#joined.delete(index);
    else this.#joined.add(index);
  }

  /** The same for those of some neurons that have been touched. */
  changeTouched(isConcerned: (index: AtomicNeuron) => boolean, step: number): void {
    for (const index of this.#neurons.keys()) if (isConcerned(index)) this.change(index, step);
  }

  /** Levels have begun to move; observed neurons have been advanced to the present. @param index default all neurons */
  noteLevels(index?: AtomicNeuron): void {
    if (index !== undefined) this.#neurons.get(index)?.noteLevels();
    else for (const neuron of this.#neurons.values()) neuron.noteLevels();
  }

  /** A spike commanded by the digital side. */
  forceSpike(index: AtomicNeuron, step: number): void {
    this.#neuron(index).forceSpike(step);
  }

  /** @param amplitude voltage added to the input, V */
  synapticEvent(index: AtomicNeuron, step: number, input: SynapticInput, amplitude: number): void {
    this.#neuron(index).synapticEvent(step, input, amplitude);
  }

  /** Somebody looks at these neurons from this step on. */
  observe(indices: Iterable<AtomicNeuron>, step: number): void {
    const neurons = [...indices].map((index) => this.#neuron(index));
    const fresh = neurons.filter(({ observers }) => observers === 0).map(({ index }) => index);
    this.#integrate(fresh, step, undefined, false);
    for (const neuron of neurons) neuron.observers++;
  }

  /** One observer less. The neurons must have been advanced to the present. */
  unobserve(indices: Iterable<AtomicNeuron>): void {
    for (const index of indices) (this.#neurons.get(index) as Neuron).observers--;
  }

  /** Integrate neurons to a step; those that nobody observes are left out. */
  advance(indices: Iterable<AtomicNeuron>, toStep: number, sink?: TraceSink): void {
    const observed = [...indices].filter((index) => (this.#neurons.get(index)?.observers ?? 0) > 0);
    this.#integrate(observed, toStep, sink, true);
  }

  /**
   * State of neurons at the start of a step, read off without observing them from then on. Observed ones must have been
   * advanced to that step. The objects are the neurons' own: read them, keep them not.
   */
  probe(indices: readonly AtomicNeuron[], step: number): Readonly<AdexState>[] {
    this.observe(indices, step);
    this.unobserve(indices);
    return indices.map((index) => this.#neuron(index).state);
  }

  /** A neuron is made when it is first touched. @param words what its registers have had until then; default: what they have now */
  #neuron(index: AtomicNeuron, words?: NeuronWords): Neuron {
    let neuron = this.#neurons.get(index);
    if (!neuron) {
      neuron = new Neuron(index, words ?? this.#environment.wordsOf(index), this.#environment);
      this.#neurons.set(index, neuron);
    }
    return neuron;
  }

  #integrate(indices: readonly AtomicNeuron[], toStep: number, sink: TraceSink | undefined, reports: boolean): void {
    const only = indices.length === 1 && this.#joined.size === 0 ? indices[0] : undefined;
    if (only !== undefined) {
      const neuron = this.#neuron(only);
      this.#start([neuron], toStep);
      this.#integrateAlone(neuron, toStep, sink, reports);
      return;
    }
    const alone: Neuron[] = [];
    const groups = new Set<Group>();
    for (const index of indices) {
      const group = this.#joined.size === 0 ? undefined : this.#groupOf(index);
      if (group) groups.add(group);
      else alone.push(this.#neuron(index));
    }
    for (const neuron of alone) this.#start([neuron], toStep);
    const { capacity } = this.#environment.stepper;
    for (let i = 0; i < alone.length; i += capacity)
      this.#integrateTile(alone.slice(i, i + capacity), toStep, sink, reports);
    for (const group of groups) {
      this.#start(group.neurons, toStep);
      this.#integrateGroup(group, toStep, sink, reports);
    }
  }

  /** Give neurons that are to be integrated together a common step to go on from. */
  #start(neurons: readonly Neuron[], toStep: number): void {
    const first = neurons[0]?.step;
    const canAllGoOn =
      first !== undefined && neurons.every((neuron) => neuron.step === first && goesOn(neuron, toStep));
    if (!canAllGoOn) {
      // One that somebody observes goes on; those that have been joined with it meanwhile are brought to its step.
      const observed = neurons.find((neuron) => neuron.observers > 0 && neuron.step !== undefined);
      const target = observed?.step ?? toStep;
      const others = neurons.filter((neuron) => observed === undefined || neuron.step !== target);
      const start = Math.min(...others.map((neuron) => neuron.warmUpStart(target)));
      for (const neuron of others) neuron.begin(start);
      for (const neuron of observed === undefined ? [] : others) {
        this.#collect(neuron, target);
        this.#integrateTile([neuron], target, undefined, false);
      }
    }
    for (const neuron of neurons) this.#collect(neuron, toStep);
  }

  #collect(neuron: Neuron, toStep: number): void {
    const from = neuron.step;
    if (from !== undefined && from < toStep) this.#environment.collectInputs?.(neuron.index, from, toStep);
  }

  /** One neuron: what `#integrateTile` does with one, without a thought of others. */
  #integrateAlone(neuron: Neuron, toStep: number, sink: TraceSink | undefined, reports: boolean): void {
    const { stepper } = this.#environment;
    const isReported = reports && neuron.observers > 0;
    const circuits = [neuron];
    for (let step = neuron.step as number; step < toStep; step = neuron.step as number) {
      const count = Math.min(toStep, neuron.prepare(isReported)) - step;
      stepper.step(circuits, step, count, sink !== undefined);
      const trace = stepper.trace(0);
      neuron.finish(count, trace.spikeSteps, trace.spikeCount, isReported);
      sink?.(neuron.index, trace, count);
    }
  }

  /** Neurons that stand alone, side by side. */
  #integrateTile(neurons: readonly Neuron[], toStep: number, sink: TraceSink | undefined, reports: boolean): void {
    const { stepper } = this.#environment;
    const isReported = neurons.map((neuron) => reports && neuron.observers > 0);
    for (;;) {
      const step = Math.min(...neurons.map((neuron) => neuron.step as number));
      if (step >= toStep) return;
      let end = toStep;
      const active: Neuron[] = [];
      const places: number[] = [];
      neurons.forEach((neuron, k) => {
        if (neuron.step === step) {
          end = Math.min(end, neuron.prepare(isReported[k] as boolean));
          active.push(neuron);
          places.push(k);
        } else end = Math.min(end, neuron.step as number);
      });
      const count = end - step;
      stepper.step(active, step, count, sink !== undefined);
      active.forEach((neuron, k) => {
        const trace = stepper.trace(k);
        neuron.finish(count, trace.spikeSteps, trace.spikeCount, isReported[places[k] as number] as boolean);
        sink?.(neuron.index, trace, count);
      });
    }
  }

  #integrateGroup(
    { neurons, network, members }: Group,
    toStep: number,
    sink: TraceSink | undefined,
    reports: boolean,
  ): void {
    for (;;) {
      const step = (neurons[0] as Neuron).step as number;
      if (step >= toStep) return;
      const isReported = (neuron: Neuron): boolean => reports && neuron.observers > 0;
      const end = Math.min(toStep, ...neurons.map((neuron) => neuron.prepare(isReported(neuron))));
      network.step(members, step, end - step, stepUs);
      neurons.forEach((neuron, k) => {
        const { trace } = members[k] as NetworkMember;
        neuron.finish(end - step, trace.spikeSteps, trace.spikeCount, isReported(neuron));
        sink?.(neuron.index, trace, end - step);
      });
    }
  }

  #groupOf(index: AtomicNeuron): Group | undefined {
    if (this.#groups.has(index)) return this.#groups.get(index);
    const found = findGroup(index, (other) => this.#neurons.get(other)?.joins);
    const neurons = found.members.map((member) => this.#neuron(member));
    const members = neurons.map(({ parameters, state, noise }) => {
      return { parameters, state, noise, trace: createAdexTrace(longestRun) };
    });
    const group = neurons.length < 2 ? undefined : { neurons, network: new Network(found.layout), members };
    for (const neuron of neurons) this.#groups.set(neuron.index, group);
    return group;
  }
}

/** Whether a neuron has state from which it can be integrated to a step. */
function goesOn(neuron: Neuron, toStep: number): boolean {
  return neuron.step !== undefined && (neuron.observers > 0 || neuron.canGoOn(toStep));
}
