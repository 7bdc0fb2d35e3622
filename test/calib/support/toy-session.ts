/**
 * A stand-in for a device: it keeps the time of a playback program, samples while the MADC runs, and answers with a
 * saw-tooth whose depth and spacing depend on two codes. Just enough of `Session` for the calibration; its formulas are
 * its own and have nothing to do with a chip.
 */
import { Rng } from "../../../src/base/rng.js";
import type {
  ContainerType,
  Coordinate,
  DeviceIdentity,
  PlaybackProgram,
  PlaybackProgramBuilder,
  ReinitOptions,
  RunOptions,
  RunResult,
  Session,
  Ticket,
} from "../../../src/device/interface/index.js";

export type Step =
  | {
      readonly type: "write";
      readonly container: string;
      readonly at: number;
      readonly fields: Record<string, unknown>;
    }
  | { readonly type: "reset-timer" }
  | { readonly type: "wait"; readonly cycles: number }
  | { readonly type: "barrier" }
  | { readonly type: "tick"; readonly ticket: ToyTicket };

class ToyTicket implements Ticket<void> {
  time: number | undefined;
  get isReady(): boolean {
    return this.time !== undefined;
  }
  get(): void {
    this.fpgaTime();
  }
  fpgaTime(): number {
    if (this.time === undefined) throw new Error("ticket read before the run");
    return this.time;
  }
}

class ToyBuilder implements PlaybackProgramBuilder {
  #steps: Step[] = [];

  write<C extends string, F extends object>(
    container: ContainerType<C, F>,
    at: Coordinate<C>,
    fields: Partial<F>,
  ): this {
    container.encode(fields); // throws as a real builder does
    this.#steps.push({ type: "write", container: container.name, at, fields: { ...container.defaults, ...fields } });
    return this;
  }
  read(): never {
    throw new Error("the toy reads nothing");
  }
  resetTimer(): this {
    this.#steps.push({ type: "reset-timer" });
    return this;
  }
  waitUntil(cycles: number): this {
    this.#steps.push({ type: "wait", cycles });
    return this;
  }
  barrier(): this {
    this.#steps.push({ type: "barrier" });
    return this;
  }
  spikes(): this {
    return this;
  }
  tick(): Ticket<void> {
    const ticket = new ToyTicket();
    this.#steps.push({ type: "tick", ticket });
    return ticket;
  }
  get instructionCount(): number {
    return this.#steps.length;
  }
  build(): PlaybackProgram {
    const steps = this.#steps;
    this.#steps = [];
    return { instructionCount: steps.length, steps } as unknown as PlaybackProgram;
  }
}

export interface ToyOptions {
  readonly seed?: number;
  /** Cells that carry the reset level and the adaptation. */
  readonly resetCell: number;
  readonly adaptationCell: number;
  /** Time from sample to sample, units of 4 ns. */
  readonly samplePeriod?: number;
  /** Lose the samples of this trial (counted from 0) for some time. */
  readonly isDefective?: (trial: number) => boolean;
  /** Cells of the neuron that is on the readout line, and how much its reset level is shifted; default the two above. */
  readonly neuronOf?: (neuron: number) => { resetCell: number; adaptationCell: number; shift: number };
  /** Called before a program is executed; may throw or wait. */
  readonly beforeRun?: (run: number) => void | Promise<void>;
}

const unitsPerCycle = 2;
const unitsPerUs = 250;

export class ToySession implements Session {
  readonly identity: DeviceIdentity = { url: "toy:", boardId: "00000007", bitfileInfo: "toy" };
  /** Programs as they were handed over, in order. */
  readonly programs: Step[][] = [];
  /** Chip times that cold starts began from, in order. */
  readonly bases: number[] = [];
  outstanding = 0;
  mostOutstanding = 0;
  readonly #options: ToyOptions;
  readonly #codes = new Map<number, number>();
  #readout = 0;
  #now = 1000;
  #trial = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ToyOptions) {
    this.#options = options;
  }

  /** Chip time at the end of what ran so far, FPGA cycles. */
  get endTime(): number {
    return this.#now;
  }

  program(): PlaybackProgramBuilder {
    return new ToyBuilder();
  }

  /** Levels are kept: the toy is told everything anew anyway. Its noise comes from the time. */
  async reinit({ systimeBase = 0, signal }: ReinitOptions = {}): Promise<void> {
    this.bases.push(systimeBase);
    const began = this.#queue.then(() => {
      signal?.throwIfAborted();
      this.#now = systimeBase;
    });
    this.#queue = began.catch(() => undefined);
    await began;
  }

  run(program: PlaybackProgram, { signal }: RunOptions = {}): Promise<RunResult> {
    const { steps } = program as unknown as { steps: Step[] };
    const number = this.programs.push(steps) - 1;
    this.mostOutstanding = Math.max(this.mostOutstanding, ++this.outstanding);
    const result = this.#queue.then(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      await this.#options.beforeRun?.(number);
      signal?.throwIfAborted();
      return this.#execute(steps);
    });
    const settled = (): void => void this.outstanding--;
    this.#queue = result.then(settled, settled);
    return result;
  }

  async close(): Promise<void> {}

  #execute(steps: readonly Step[]): RunResult {
    const samples: { time: number; value: number }[] = [];
    let timerZero = this.#now;
    let started: number | undefined;
    const edges: number[] = [];
    for (const step of steps) {
      this.#now++;
      if (step.type === "reset-timer") timerZero = this.#now;
      if (step.type === "wait") this.#now = Math.max(this.#now, timerZero + step.cycles);
      if (step.type === "tick") step.ticket.time = this.#now;
      if (step.type !== "write") continue;
      const { container, at, fields } = step;
      if (container === "CapMemCell") this.#codes.set(at, fields.value as number);
      if (container === "NeuronConfig") edges.push(this.#now);
      if (container === "NeuronConfig" && fields.enableReadout) this.#readout = at;
      if (container === "MadcControl" && fields.startRecording) {
        started = this.#now;
        edges.length = 0;
      }
      if (container === "MadcControl" && fields.stopRecording && started !== undefined) {
        samples.push(...this.#sample(started, this.#now, edges));
        started = undefined;
      }
    }
    return {
      madc: {
        origin: 0,
        time: Float64Array.from(samples, ({ time }) => time),
        value: Uint16Array.from(samples, ({ value }) => value),
        channel: new Uint8Array(samples.length),
      },
      spikes: { chipTime: new Float64Array(0), label: new Uint16Array(0) },
      endFpgaTime: this.#now,
      timeInfo: { encodeMs: 0, executeMs: 0, decodeMs: 0 },
    };
  }

  /** Samples from one FPGA time to another; the stimulus lies between the two edges. */
  #sample(from: number, to: number, [on = 0, off = 0]: readonly number[]): { time: number; value: number }[] {
    const { seed = 1, samplePeriod = 250, isDefective, neuronOf } = this.#options;
    const { resetCell, adaptationCell, shift } = neuronOf?.(this.#readout) ?? { ...this.#options, shift: 0 };
    const trial = this.#trial++;
    const rng = Rng.fromSeed(seed).fork(`time ${from}`);
    const reset = 150 + shift + 0.6 * (this.#codes.get(resetCell) ?? 0);
    const adaptation = (this.#codes.get(adaptationCell) ?? 0) / 1022;
    const threshold = 700;
    const spikes: number[] = [];
    let interval = 12;
    for (let at = 10; at < (off - on) * (unitsPerCycle / unitsPerUs); at += interval) {
      spikes.push(at);
      interval = (12 + 60 * adaptation * (1 - Math.exp(-spikes.length / 4))) * (1 + 0.01 * rng.normal());
    }
    const out: { time: number; value: number }[] = [];
    for (let time = from * unitsPerCycle; time < to * unitsPerCycle; time += samplePeriod) {
      const us = (time - on * unitsPerCycle) / unitsPerUs;
      const before = spikes.findLastIndex((at) => at <= us);
      const last = spikes[before];
      const next = spikes[before + 1] ?? Number.POSITIVE_INFINITY;
      const isOn = us >= 0 && time < off * unitsPerCycle;
      let level = 200;
      if (isOn && last === undefined) level = 200 + 50 * us;
      else if (isOn && last !== undefined && reset < threshold) {
        level = reset + (threshold - reset) * Math.min(1, (us - last) / Math.min(next - last, 72));
      } else if (isOn) level = reset;
      if (isDefective?.(trial) && us > 100 && us < 200) continue;
      out.push({ time, value: Math.min(1023, Math.max(0, Math.round(level + 2 * rng.normal()))) });
    }
    return out;
  }
}
