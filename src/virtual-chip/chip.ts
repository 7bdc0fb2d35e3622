/**
 * The bare chip: blocks on the omnibus, one clock, one seed. Synchronous, without I/O; time passes only when it is told.
 * Knows nothing of links, hosts and calibration.
 */
import { Rng } from "../base/rng.js";
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  CommonNeuronBackendConfig,
  MadcControl,
  NeuronBackendConfig,
  NeuronConfig,
  NeuronReset,
  neuronBackendBlock,
  neuronBlock,
  ReadoutSourceSelection,
  SpikeCounterRead,
  SpikeCounterReset,
  sharedCapMemCell,
} from "../protocol/index.js";
import { Cadc } from "./blocks/cadc.js";
import { CadcChannels } from "./blocks/cadc-channels.js";
import { CapMem } from "./blocks/capmem.js";
import { EventFabric } from "./blocks/event-fabric.js";
import { Madc } from "./blocks/madc.js";
import { Converter } from "./blocks/madc-path.js";
import { snapshotWords } from "./blocks/neuron-switches.js";
import { Readout } from "./blocks/readout.js";
import { EventBuffer, type TimedEvents } from "./event-buffer.js";
import { type ImperfectionPreset, type Imperfections, resolveImperfections } from "./imperfections.js";
import { NoiseStream } from "./noise.js";
import { unitsPerStep } from "./physics/adex.js";
import { KernelStepper } from "./physics/kernel-stepper.js";
import { ReferenceStepper } from "./physics/stepper.js";
import { Population } from "./population.js";
import { Registers } from "./registers.js";

export interface ChipOptions {
  /** Fixes the circuits, their noise and everything else: integer 0..2^53-1. */
  readonly seed: number;
  /** Default `typical`. */
  readonly preset?: ImperfectionPreset;
  /** Single knobs that differ from the preset. */
  readonly knobs?: Partial<Imperfections>;
  /** The compiled kernels (src/kernels/load.ts). Without them the chip does the same, byte for byte, but slowly. */
  readonly kernels?: WebAssembly.Module;
}

/** Events since the last take. Typed arrays of length `count`; caller owns. */
export interface MadcEvents {
  readonly count: number;
  /** Chip time, units of 4 ns, ascending. */
  readonly time: Float64Array;
  /** 14-bit value field: bits 9..0 the sample, bit 10 the channel. */
  readonly value: Uint16Array;
}

export interface SpikeEvents {
  readonly count: number;
  /** Chip time, units of 4 ns, ascending. */
  readonly time: Float64Array;
  /** 16-bit label. */
  readonly label: Uint16Array;
}

export interface Chip {
  readonly identity: {
    readonly seed: number;
    readonly preset: ImperfectionPreset;
    /** 57-bit identifier: low 32 bits, high 25 bits. */
    readonly dna: readonly [low: number, high: number];
  };
  /** Let time pass. @param time the chip's clock, units of 4 ns; earlier than now is ignored */
  advanceTo(time: number): void;
  /**
   * The chip's clock goes on from another time, as a synchronisation makes it. Levels, registers and counts stay; a
   * recording under way ends, and circuits start from rest when they are observed next.
   * @param time units of 4 ns
   */
  setClock(time: number): void;
  /** @param byteEnables 4 bits @returns false when nothing answers at this address */
  write(address: number, word: number, byteEnables: number): boolean;
  /** @returns undefined when nothing answers at this address */
  read(address: number): number | undefined;
  /** An event from the host arrives at the crossbar. @param label 16 bits */
  spike(label: number): void;
  /**
   * The chip's reset line. While it is on, nothing answers. Switching it on leaves the chip as after power-up, its clock
   * at 0: nothing of what was before can be told.
   */
  reset(on: boolean): void;
  takeMadc(): MadcEvents;
  takeSpikes(): SpikeEvents;
}

/** Largest count of a spike counter; beyond it the overflow bit stands. */
const largestCount = 255;
const overflowBit = 0x100;

const powerUpWords = snapshotWords(
  NeuronConfig.encode({}),
  NeuronBackendConfig.encode({}),
  CommonNeuronBackendConfig.encode({}),
);

const comparatorBiasCells = Array.from({ length: CapMemBlockOnDls.size }, (_, block) =>
  sharedCapMemCell(CapMemBlockOnDls.at(block), "neuron_i_bias_spike_comparator"),
);

class VirtualChip implements Chip {
  readonly identity: Chip["identity"];
  readonly #registers = new Registers();
  readonly #capMem: CapMem;
  readonly #readout: Readout;
  readonly #madc: Madc;
  readonly #cadc: Cadc;
  readonly #fabric: EventFabric;
  readonly #samples = new EventBuffer();
  readonly #spikes = new EventBuffer();
  readonly #population: Population;
  /** Neurons whose spikes leave the chip, with their output address. */
  readonly #speaking = new Map<AtomicNeuron, number>();
  /** Spike counts since the last reset of the counter; only neurons whose counter was ever reset are counted. */
  readonly #counts = new Map<AtomicNeuron, number>();
  #now = 0;
  #isInReset = false;

  constructor(options: ChipOptions) {
    const { seed, preset = "typical" } = options;
    const imperfections = resolveImperfections(preset, options.knobs);
    const root = Rng.fromSeed(seed);
    const dna = root.fork("dna");
    this.identity = { seed, preset, dna: [dna.nextUint32(), dna.nextUint32() >>> 7] };
    this.#capMem = new CapMem(root, imperfections.writeNoise);
    this.#readout = new Readout(this.#registers, this.#capMem, root, imperfections.converterSpread);
    this.#fabric = new EventFabric(this.#registers, this.#spikes);
    this.#population = new Population({
      membraneNoise: new NoiseStream(root.fork("membrane")),
      driftNoise: new NoiseStream(root.fork("drift")),
      mismatch: root.fork("mismatch"),
      imperfections,
      capMem: this.#capMem,
      comparatorBiasCell: (neuron) => comparatorBiasCells[neuronBlock(neuron)] as number,
      onSpike: (neuron, step) => this.#onSpike(neuron, step),
      stepper: options.kernels ? new KernelStepper(options.kernels) : new ReferenceStepper(),
      powerUpWords,
      wordsOf: (index) => this.#wordsOf(index),
    });
    const phases = new NoiseStream(root.fork("madc phase"));
    this.#madc = new Madc({
      registers: this.#registers,
      readout: this.#readout,
      converter: new Converter(root, imperfections.converterSpread, imperfections.converterNoise),
      population: this.#population,
      phase: (start) => phases.uniform(start, 0),
      events: this.#samples,
    });
    this.#cadc = new Cadc({
      registers: this.#registers,
      capMem: this.#capMem,
      channels: new CadcChannels(root, imperfections.converterSpread, imperfections.converterNoise),
      readoutVoltages: (neurons) =>
        this.#readout.voltages(neurons, this.#now, (asked) => this.#population.probe(asked, this.#step())),
      now: () => this.#now,
    });
    this.#attach();
  }

  advanceTo(time: number): void {
    if (time > this.#now) this.#now = time;
  }

  setClock(time: number): void {
    this.#catchUp();
    const shift = time - this.#now;
    this.#now = time;
    this.#capMem.shift(shift);
    this.#madc.shift(shift);
    this.#samples.clear();
    this.#spikes.clear();
    this.#population.restart();
    for (const observed of [this.#speaking, this.#counts]) this.#population.observe(observed.keys(), this.#step());
  }

  write(address: number, word: number, byteEnables: number): boolean {
    if (this.#isInReset) return false;
    this.#catchUp();
    return this.#registers.write(address, word, byteEnables);
  }

  read(address: number): number | undefined {
    if (this.#isInReset) return undefined;
    this.#catchUp();
    return this.#registers.read(address);
  }

  spike(label: number): void {
    if (this.#isInReset) return;
    this.#catchUp();
    this.#fabric.fromHost(label, this.#now);
  }

  reset(on: boolean): void {
    if (on && !this.#isInReset) {
      this.#catchUp();
      this.#registers.reset();
      this.#capMem.reset();
      this.#madc.reset();
      this.#cadc.reset();
      this.#readout.reset();
      this.#fabric.reset();
      this.#population.reset();
      this.#speaking.clear();
      this.#counts.clear();
      this.#samples.clear();
      this.#spikes.clear();
      this.#now = 0;
    }
    this.#isInReset = on;
  }

  takeMadc(): MadcEvents {
    this.#catchUp();
    return this.#samples.take(this.#now);
  }

  takeSpikes(): SpikeEvents {
    this.#catchUp();
    const { count, time, value }: TimedEvents = this.#spikes.take(this.#now);
    return { count, time, label: value };
  }

  /** Bring everything that is observed to the present. */
  #catchUp(): void {
    const step = this.#step();
    this.#madc.advance(step);
    this.#population.advance(this.#speaking.keys(), step);
    this.#population.advance(this.#counts.keys(), step);
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
    );
  }

  #onSpike(neuron: AtomicNeuron, step: number): void {
    const count = this.#counts.get(neuron);
    if (count !== undefined) this.#counts.set(neuron, count + 1);
    const address = this.#speaking.get(neuron);
    if (address !== undefined) this.#fabric.fromNeuron(neuron, address, step * unitsPerStep);
  }

  /** What writes and reads do beyond storing. */
  #attach(): void {
    const registers = this.#registers;
    const neuronAt = (at: number): AtomicNeuron => AtomicNeuronOnDls.at(at);
    registers.hook(CapMemCell, {
      onWrite: (cell) => this.#capMem.write(cell, registers.words(CapMemCell, cell)[0] as number, this.#now),
    });
    registers.hook(NeuronConfig, {
      onWrite: (at, word) => {
        this.#recordWords(neuronAt(at));
        // Word 1 holds all that concerns the readout.
        if (word !== 1) return;
        this.#readout.noteConfig(neuronAt(at));
        this.#madc.reroute(this.#now);
      },
    });
    registers.hook(NeuronBackendConfig, {
      onWrite: (at) => {
        this.#recordWords(neuronAt(at));
        this.#noteSpeaking(neuronAt(at));
      },
    });
    registers.hook(CommonNeuronBackendConfig, {
      onWrite: (block) => {
        this.#population.changeTouched((index) => neuronBackendBlock(index) === block, this.#step());
      },
    });
    registers.hook(NeuronReset, { onWrite: (at) => this.#population.forceSpike(neuronAt(at), this.#step()) });
    registers.hook(SpikeCounterReset, { onWrite: (at) => this.#resetCounter(neuronAt(at)) });
    registers.hook(SpikeCounterRead, {
      onRead: (at) => {
        const count = this.#counts.get(neuronAt(at)) ?? 0;
        return (count & largestCount) | (count > largestCount ? overflowBit : 0);
      },
    });
    registers.hook(MadcControl, { onWrite: () => this.#madc.control(this.#now) });
    registers.hook(ReadoutSourceSelection, { onWrite: () => this.#madc.reroute(this.#now) });
  }

  #recordWords(index: AtomicNeuron): void {
    this.#population.change(index, this.#step());
  }

  #noteSpeaking(index: AtomicNeuron): void {
    const backend = NeuronBackendConfig.decode(this.#registers.words(NeuronBackendConfig, index));
    const wasSpeaking = this.#speaking.has(index);
    if (backend.enableSpikeOut) {
      this.#speaking.set(index, backend.addressOut);
      if (!wasSpeaking) this.#population.observe([index], this.#step());
    } else if (this.#speaking.delete(index)) this.#population.unobserve([index]);
  }

  #resetCounter(index: AtomicNeuron): void {
    if (!this.#counts.has(index)) this.#population.observe([index], this.#step());
    this.#counts.set(index, 0);
  }
}

/** A chip as after power-up, at time 0. @throws FieldOutOfRange for a knob outside 0..10 */
export function createChip(options: ChipOptions): Chip {
  return new VirtualChip(options);
}
