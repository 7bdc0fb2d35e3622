/**
 * The bare chip: blocks on the omnibus, one clock, one seed. Synchronous, without I/O; time passes only when it is told.
 * Knows nothing of links, hosts and calibration.
 */
import { Rng } from "../base/rng.js";
import { KernelSpace } from "../kernels/module.js";
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CommonNeuronBackendConfig,
  NeuronBackendConfig,
  NeuronConfig,
  neuronBackendBlock,
} from "../protocol/index.js";
import { Cadc } from "./blocks/cadc.js";
import { CadcChannels } from "./blocks/cadc-channels.js";
import { CapMem } from "./blocks/capmem.js";
import { Madc } from "./blocks/madc.js";
import { Converter } from "./blocks/madc-path.js";
import { biasCellsOf, powerUpWords, snapshotWords } from "./blocks/neuron-switches.js";
import { Readout } from "./blocks/readout.js";
import { SpikeCounters } from "./blocks/spike-counters.js";
import { SpikeRouting } from "./blocks/spike-routing.js";
import { StimulusLines } from "./blocks/stimulus-line.js";
import type { Chip, ChipOptions, MadcEvents, SpikeEvents } from "./chip-api.js";
import { EventBuffer, type TimedEvents } from "./event-buffer.js";
import { resolveImperfections } from "./imperfections.js";
import { NoiseStream } from "./noise.js";
import { unitsPerStep } from "./physics/adex.js";
import { type Defect, drawDefect } from "./physics/defects.js";
import { KernelStepper } from "./physics/kernel-stepper.js";
import { ReferenceStepper } from "./physics/stepper.js";
import { Population } from "./population.js";
import { hookRegisters } from "./register-hooks.js";
import { Registers } from "./registers.js";

/** From a crossbar input to a synaptic input, grid steps: 0.19 us. Neurons that feed each other advance in such slices. */
const synapticLatency = 12;
/** Memory of the kernels that step circuits and convert samples; it does not grow, so that views of it stay good. */
const kernelBytes = 2 ** 21;

class VirtualChip implements Chip {
  readonly identity: Chip["identity"];
  readonly #registers = new Registers();
  readonly #capMem: CapMem;
  readonly #readout: Readout;
  readonly #madc: Madc;
  readonly #cadc: Cadc;
  readonly #routing: SpikeRouting;
  readonly #counters: SpikeCounters;
  readonly #stimulus = new StimulusLines(this.#registers);
  readonly #defects: readonly (Defect | undefined)[];
  readonly #samples = new EventBuffer();
  readonly #spikes = new EventBuffer();
  readonly #population: Population;
  #now = 0;
  /** Step to which everything that is observed has been advanced. */
  #caughtUpTo = 0;
  /** Nothing has happened since everything was advanced to the present. */
  #isCaughtUp = false;
  #isInReset = false;

  constructor(options: ChipOptions) {
    const { seed, preset = "typical" } = options;
    const imperfections = resolveImperfections(preset, options.knobs);
    const root = Rng.fromSeed(seed);
    const kernels = options.kernels && new KernelSpace(options.kernels, kernelBytes);
    const dna = root.fork("dna");
    this.identity = { seed, preset, dna: [dna.nextUint32(), dna.nextUint32() >>> 7] };
    this.#capMem = new CapMem(root, imperfections);
    const defects = root.fork("dead circuits");
    this.#defects = Array.from({ length: AtomicNeuronOnDls.size }, (_, neuron) =>
      drawDefect(defects, neuron, imperfections.defects),
    );
    this.#readout = new Readout({
      registers: this.#registers,
      capMem: this.#capMem,
      rng: root,
      spread: imperfections.converterSpread,
      isMute: (neuron) => this.#defects[neuron] === "mute",
    });
    this.#routing = new SpikeRouting({
      registers: this.#registers,
      capMem: this.#capMem,
      rng: root,
      mismatch: imperfections.mismatch,
      deliver: (neuron, input, amplitude, time) => {
        const step = Math.floor(time / unitsPerStep) + synapticLatency;
        this.#population.synapticEvent(neuron, step, input, amplitude);
      },
      now: () => this.#now,
      toHost: this.#spikes,
    });
    this.#population = new Population({
      membraneNoise: new NoiseStream(root.fork("membrane")),
      driftNoise: new NoiseStream(root.fork("drift")),
      mismatch: root.fork("mismatch"),
      imperfections,
      capMem: this.#capMem,
      biasCells: biasCellsOf,
      defect: (neuron) => this.#defects[neuron],
      onSpike: (neuron, step) => {
        this.#counters.count(neuron);
        this.#routing.fromNeuron(neuron, step * unitsPerStep);
      },
      stepper: kernels ? new KernelStepper(kernels) : new ReferenceStepper(),
      powerUpWords,
      wordsOf: (index) => this.#wordsOf(index),
    });
    this.#counters = new SpikeCounters(this.#registers, this.#population, () => this.#step());
    const phases = new NoiseStream(root.fork("madc phase"));
    this.#madc = new Madc({
      registers: this.#registers,
      readout: this.#readout,
      converter: new Converter(root, imperfections),
      kernels,
      population: this.#population,
      phase: (start) => phases.uniform(start, 0),
      events: this.#samples,
    });
    this.#cadc = new Cadc({
      registers: this.#registers,
      capMem: this.#capMem,
      channels: new CadcChannels(root, imperfections.converterSpread, imperfections.converterNoise),
      readoutVoltages: (neurons) => {
        this.#counters.settle();
        return this.#readout.voltages(neurons, this.#now, (asked) => this.#population.probe(asked, this.#step()));
      },
      now: () => this.#now,
    });
    hookRegisters({
      registers: this.#registers,
      capMem: this.#capMem,
      readout: this.#readout,
      madc: this.#madc,
      routing: this.#routing,
      counters: this.#counters,
      stimulus: this.#stimulus,
      population: this.#population,
      now: () => this.#now,
    });
  }

  advanceTo(time: number): void {
    if (time <= this.#now) return;
    this.#now = time;
    this.#isCaughtUp = false;
  }

  setClock(time: number): void {
    this.#catchUp(false);
    this.#counters.settle();
    const shift = time - this.#now;
    this.#now = time;
    this.#capMem.shift(shift);
    this.#madc.shift(shift);
    this.#routing.shift(shift);
    this.#samples.clear();
    this.#spikes.clear();
    this.#population.restart();
    this.#caughtUpTo = this.#step();
    this.#population.observe(this.#routing.speaking.keys(), this.#step());
    this.#counters.restart();
  }

  write(address: number, word: number, byteEnables: number): boolean {
    if (this.#isInReset) return false;
    this.#catchUp(false);
    return this.#registers.write(address, word, byteEnables);
  }

  read(address: number): number | undefined {
    if (this.#isInReset) return undefined;
    this.#catchUp(false);
    return this.#registers.read(address);
  }

  spike(label: number): void {
    if (this.#isInReset) return;
    this.#catchUp(false);
    this.#routing.fromHost(label, this.#now);
  }

  reset(on: boolean): void {
    if (on && !this.#isInReset) {
      this.#catchUp();
      this.#registers.reset();
      this.#capMem.reset();
      this.#madc.reset();
      this.#cadc.reset();
      this.#readout.reset();
      this.#routing.reset();
      this.#counters.reset();
      this.#stimulus.reset();
      this.#population.reset();
      this.#samples.clear();
      this.#spikes.clear();
      this.#now = 0;
      this.#caughtUpTo = 0;
      this.#isCaughtUp = false;
    }
    this.#isInReset = on;
  }

  get isQuiet(): boolean {
    return this.#routing.isSilent && !this.#madc.isRecording && this.#samples.isEmpty && this.#spikes.isEmpty;
  }

  takeMadc(): MadcEvents {
    this.#catchUp();
    return this.#samples.take(this.#now);
  }

  takeSpikes(): SpikeEvents {
    this.#catchUp();
    const { count, origin, time, value }: TimedEvents = this.#spikes.take(this.#now);
    return { count, origin, time, label: value };
  }

  /**
   * Bring everything that is observed to the present. Where spikes come back to neurons, in slices of the time that they
   * need on their way, on a grid of the chip's time. @param staysSo false when something is about to happen
   */
  #catchUp(staysSo = true): void {
    const isBehind = !this.#isCaughtUp;
    this.#isCaughtUp = staysSo;
    if (!isBehind) return;
    const step = this.#step();
    if (step - this.#caughtUpTo > synapticLatency && this.#routing.feedsBack) {
      const first = (Math.floor(this.#caughtUpTo / synapticLatency) + 1) * synapticLatency;
      for (let end = first; end < step; end += synapticLatency) this.#advance(end);
    }
    this.#advance(step);
    this.#caughtUpTo = step;
  }

  #advance(step: number): void {
    this.#routing.advance(Math.min(step * unitsPerStep + unitsPerStep - 1, this.#now));
    this.#madc.advance(step);
    if (!this.#routing.isSilent) this.#population.advance(this.#routing.speaking.keys(), step);
  }

  #step(): number {
    return Math.floor(this.#now / unitsPerStep);
  }

  #wordsOf(index: AtomicNeuron): Uint32Array {
    const registers = this.#registers;
    return snapshotWords(
      registers.words(NeuronConfig, index),
      registers.words(NeuronBackendConfig, index),
      registers.words(CommonNeuronBackendConfig, neuronBackendBlock(index)),
      this.#stimulus.word(index),
    );
  }
}

/** A chip as after power-up, at time 0. @throws FieldOutOfRange for a knob outside 0..10 */
export function createChip(options: ChipOptions): Chip {
  return new VirtualChip(options);
}
