/**
 * The MADC: control states, sampling times, and which neurons must be integrated for it. A start begins a recording of a
 * set number of samples (or without end); when it is complete and the start bit still stands, the next one begins.
 * The first 8 us of a recording are garbage. States and waits beyond the published ones are ours: docs/chip-model.md.
 */

import type { KernelSpace } from "../../kernels/module.js";
import { type AtomicNeuron, MadcConfig, MadcControl, theChip } from "../../protocol/index.js";
import type { EventBuffer } from "../event-buffer.js";
import { type AdexTrace, unitsPerStep } from "../physics/adex.js";
import type { Population } from "../population.js";
import type { Registers } from "../registers.js";
import { LineKernel } from "./line-kernel.js";
import type { Converter } from "./madc-path.js";
import {
  type Channel,
  isComputed,
  lastStep,
  longestStretch,
  planRecording,
  type Recording,
  takeSamples,
} from "./madc-recording.js";
import { type BufferInput, idleSynapticInput, type LineDriver, type Readout } from "./readout.js";
import { ReadoutLine } from "./readout-line.js";

/** Units of 4 ns per count of the power-up wait (125 MHz). */
const unitsPerPowerupCount = 2;
/** Unit capacitors in the feedback of the preamplifier, one of which is always there. */
const wholeGainCapacitor = 32;

/** What a driver shows of its neuron goes onto a line, which it may share. */
function drive(
  line: ReadoutLine,
  driver: LineDriver,
  drivers: number,
  trace: AdexTrace,
  at: number,
  count: number,
): void {
  const { source, gain, shift } = driver;
  const isMembrane = source === 0;
  const isDirect = isMembrane || source === 3;
  const how = { origin: isDirect ? 0 : idleSynapticInput, sign: isDirect ? 1 : -1, gain, shift };
  const values = isMembrane ? trace.v : isDirect ? trace.w : source === 1 ? trace.excitatory : trace.inhibitory;
  if (drivers === 1) line.pass(at, values, count, how);
  else line.add(at, values, count, how, 1 / drivers);
}

/** Whether the channel's voltage is computed from a sum; a driver alone needs none. */
function isSummed(input: BufferInput): boolean {
  return isComputed(input) && input.drivers.length !== 1;
}

/** A driver seen through the preamplifier, which gains more with less of its feedback capacitor. */
function amplified(driver: LineDriver, gainCapacitorSize: number): LineDriver {
  const gain = wholeGainCapacitor / (gainCapacitorSize + 1);
  return { ...driver, gain: gain * driver.gain, shift: gain * driver.shift };
}

export interface MadcEnvironment {
  readonly registers: Registers;
  readonly readout: Readout;
  readonly converter: Converter;
  /** Memory that does not grow. */
  readonly kernels: KernelSpace | undefined;
  readonly population: Population;
  /** Uniform value in [0, 1) for the phase between chip time and the MADC's clock. */
  readonly phase: (start: number) => number;
  readonly events: EventBuffer;
}

export class Madc {
  readonly #environment: MadcEnvironment;
  readonly #channels: readonly [Channel, Channel];
  #observed: AtomicNeuron[] = [];
  /** Steps of the stretch at hand that have come from each observed neuron. */
  readonly #done = new Map<AtomicNeuron, number>();
  #isAwake = false;
  #readyAt = 0;
  #recording: Recording | undefined;

  constructor(environment: MadcEnvironment) {
    this.#environment = environment;
    const { kernels } = environment;
    const channel = (): Channel => ({
      line: new ReadoutLine(longestStretch, kernels && new LineKernel(kernels, longestStretch)),
      input: { drivers: [], poleMHz: 0 },
    });
    this.#channels = [channel(), channel()];
  }

  get isRecording(): boolean {
    return this.#recording !== undefined;
  }

  reset(): void {
    this.#recording = undefined;
    this.#observed = [];
    this.#isAwake = false;
    this.#readyAt = 0;
  }

  /** Times are counted from another origin from here on; a recording ends. @param by added to them, units of 4 ns */
  shift(by: number): void {
    if (this.#recording) this.#release();
    this.#recording = undefined;
    this.#readyAt += by;
  }

  /** The control register has been written; the chip has been advanced to this time. */
  control(time: number): void {
    const command = this.#command();
    if (command.wakeUp && !this.#isAwake) {
      const { powerupWaitValue, enableCalibration, calibrationWaitValue } = this.#config();
      this.#isAwake = true;
      this.#readyAt = time + unitsPerPowerupCount * (powerupWaitValue + (enableCalibration ? calibrationWaitValue : 0));
    }
    if (command.stopRecording && this.#recording) this.#end(time, false);
    if (command.startRecording && !command.stopRecording && !this.#recording)
      this.#begin(Math.max(time, this.#readyAt));
  }

  /** Routing may have changed; the chip has been advanced to this time. */
  reroute(time: number): void {
    if (!this.#recording) return;
    this.#release();
    this.#observe(Math.max(time, this.#recording.start));
  }

  /** Compute samples up to a grid step. */
  advance(toStep: number): void {
    for (;;) {
      const recording = this.#recording;
      if (!recording || recording.step >= toStep) return;
      const end = Math.min(toStep, lastStep(recording), recording.step + longestStretch);
      const count = end - recording.step;
      for (const { line, input } of this.#channels) if (isSummed(input)) line.clear(count);
      this.#collect(end, count);
      for (const { line, input } of this.#channels) if (isSummed(input)) line.run(count);
      takeSamples(recording, end, this.#environment, this.#channels);
      recording.step = end;
      if (recording.next >= recording.samples) this.#end(end * unitsPerStep, true);
    }
  }

  #command(): ReturnType<typeof MadcControl.decode> {
    return this.#environment.registers.fields(MadcControl, theChip);
  }

  #config(): ReturnType<typeof MadcConfig.decode> {
    return this.#environment.registers.fields(MadcConfig, theChip);
  }

  #begin(start: number): void {
    const config = this.#config();
    const command = this.#command();
    const recording = planRecording(config, command.enableContinuousSampling, start, this.#environment.phase(start));
    if (!this.#isAwake || recording.samples === 0) return;
    this.#recording = recording;
    this.#environment.converter.begin(start);
    for (const { line } of this.#channels) line.restart();
    this.#observe(start);
  }

  #end(time: number, isComplete: boolean): void {
    this.#release();
    this.#recording = undefined;
    const command = this.#command();
    if (isComplete && command.startRecording) this.#begin(time);
    else if (command.enablePowerDownAfterSampling) this.#isAwake = false;
  }

  #observe(time: number): void {
    const config = this.#config();
    const isConnected =
      config.signalSelectionConnectActiveMux &&
      config.enableActiveMuxAmplifiers &&
      config.connectPreampToMadc &&
      config.signalSelectionConnectPreamp;
    const isAmplified = this.#command().enablePreAmplifier;
    const neurons = new Set<AtomicNeuron>();
    this.#channels.forEach((channel, index) => {
      const input = this.#environment.readout.input(index, time);
      const drivers = input.drivers.map((driver) => amplified(driver, config.preampGainCapacitorSize));
      channel.input = { drivers: isConnected ? drivers : [], poleMHz: isAmplified ? input.poleMHz : 0 };
      channel.line.setPole(channel.input.poleMHz);
      for (const { neuron } of channel.input.drivers) neurons.add(neuron);
    });
    this.#observed = [...neurons];
    const step = Math.floor(time / unitsPerStep);
    this.#environment.population.observe(this.#observed, step);
  }

  #release(): void {
    this.#environment.population.unobserve(this.#observed);
    this.#observed = [];
    this.#done.clear();
  }

  /** Advance the observed neurons and add what they drive to the channels. */
  #collect(end: number, count: number): void {
    const done = this.#done;
    for (const index of this.#observed) done.set(index, 0);
    this.#environment.population.advance(this.#observed, end, this.#takeTrace);
    for (const index of this.#observed) {
      if (done.get(index) !== count) throw new RangeError(`neuron ${index} gave ${done.get(index)} of ${count} steps`);
    }
  }

  readonly #takeTrace = (index: AtomicNeuron, trace: AdexTrace, length: number): void => {
    const at = this.#done.get(index) as number;
    for (const { line, input } of this.#channels)
      for (const driver of input.drivers)
        if (driver.neuron === index) drive(line, driver, input.drivers.length, trace, at, length);
    this.#done.set(index, at + length);
  };
}
