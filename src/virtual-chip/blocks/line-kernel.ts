/**
 * The readout path's kernels (src/kernels/assembly/readout.ts) and the memory they work in, for one line: the same values
 * as the reference bodies in readout-line.ts and madc-path.ts, many at a time.
 */
import type { KernelSpace } from "../../kernels/module.js";

const floatsPerDouble = 2;
const twoTo32 = 0x1_0000_0000;
/** Values of a generator block; the kernel makes four blocks at a time, from one that may have begun before. */
const perBlock = 4;
const blocksAtOnce = 4;

/** How a driver shows a value, V: gain * max(0, origin + sign * value) + shift. */
export interface LineShare {
  readonly origin: number;
  readonly sign: number;
  readonly gain: number;
  readonly shift: number;
}

/** Where samples of a recording lie. */
export interface SamplePlace {
  /** Numbers `index` to `index + count - 1` of the recording. */
  readonly index: number;
  readonly count: number;
  /** Of the first sample in the line's stretch, and of the samples from each other: steps, whole numbers of 1/4096. */
  readonly position: number;
  readonly spacing: number;
  /** Their events have the time floor(origin + number * period): units of 4 ns, whole numbers of 1/1024. */
  readonly origin: number;
  readonly period: number;
  /** Or-ed with the values: the channel. */
  readonly bits: number;
}

/** Samples as events: views that may be longer, good until the next conversion. */
export interface SampleRun {
  readonly values: Uint16Array;
  readonly times: Int32Array;
}

/** How a voltage becomes a number: gain in LSB/V, offset and white noise in LSB. */
export interface Scale {
  readonly gain: number;
  readonly offset: number;
  readonly white: number;
}

export class LineKernel {
  readonly input: Float64Array;
  readonly output: Float64Array;
  readonly #space: KernelSpace;
  readonly #inputAt: number;
  readonly #outputAt: number;
  readonly #valuesAt: number;
  readonly #normalsAt: number;
  readonly #samplesAt: number;
  readonly #timesAt: number;
  readonly #values: Float64Array;
  readonly #samples: Uint16Array;
  readonly #times: Int32Array;
  readonly #before: Float64Array;

  /** @param space with a memory that does not grow @param length longest stretch, steps, and most samples at a time; even */
  constructor(space: KernelSpace, length: number) {
    const doubles = (count: number): number => space.allocate(floatsPerDouble * count);
    this.#space = space;
    this.#inputAt = doubles(length + 2);
    const beforeAt = doubles(length + 4) + 8;
    this.#outputAt = beforeAt + 8;
    this.#valuesAt = doubles(length + 2);
    this.#normalsAt = doubles(length + 2 * perBlock * blocksAtOnce);
    this.#samplesAt = space.allocate(length / 2 + 4);
    this.#timesAt = space.allocate(length + 4);
    const { buffer } = space.memory;
    this.input = new Float64Array(buffer, this.#inputAt, length);
    this.output = new Float64Array(buffer, this.#outputAt, length);
    this.#before = new Float64Array(buffer, beforeAt, 1);
    this.#values = new Float64Array(buffer, this.#valuesAt, length);
    this.#samples = new Uint16Array(buffer, this.#samplesAt, length);
    this.#times = new Int32Array(buffer, this.#timesAt, length);
  }

  add(
    step: number,
    values: Float64Array,
    count: number,
    { origin, sign, gain, shift }: LineShare,
    share: number,
  ): void {
    const at = this.#place(values, count);
    // The kernel takes pairs: beyond an odd count it changes one more.
    const beyond = this.input[step + count];
    this.#space.call.addDriver(this.#inputAt + 8 * step, at, count, origin, sign, gain, shift, share);
    if (beyond !== undefined) this.input[step + count] = beyond;
  }

  /** @returns the output at the end */
  run(count: number, keep: number, share: number, start: number): number {
    return this.#space.call.lowPass(this.#outputAt, this.#inputAt, count, keep, share, start);
  }

  /** @returns the output at the end */
  pass(
    step: number,
    values: Float64Array,
    count: number,
    { origin, sign, gain, shift }: LineShare,
    keep: number,
    share: number,
    start: number,
  ): number {
    const at = this.#place(values, count);
    const out = this.#outputAt + 8 * step;
    return this.#space.call.driverAlone(out, at, count, origin, sign, gain, shift, keep, share, start);
  }

  float(volts: number): void {
    this.#before[0] = volts;
  }

  /** @param start index of the noise @param key of its stream @returns views that are good until the next call */
  sample(start: number, key: readonly [number, number], place: SamplePlace, scale: Scale): SampleRun {
    const { index, count, position, spacing, bits, origin, period } = place;
    const { gain, offset, white } = scale;
    const first = index >>> 2;
    const blocks = ((index + count - 1) >>> 2) - first + 1;
    const { call } = this.#space;
    if (white > 0) {
      const all = blocksAtOnce * Math.ceil(blocks / blocksAtOnce);
      const [low, high] = [start % twoTo32, Math.floor(start / twoTo32)];
      call.noiseRow(this.#normalsAt, all, low, high, first, 0, key[0], key[1]);
    }
    call.sampleLine(
      this.#samplesAt,
      this.#timesAt,
      this.#outputAt,
      this.#normalsAt + 8 * (index - perBlock * first),
      count,
      position,
      spacing,
      gain,
      offset,
      white,
      bits,
      origin + index * period,
      period,
    );
    return { values: this.#samples, times: this.#times };
  }

  /** Where the kernel finds these values: those of a circuit alone stand in its memory already. */
  #place(values: Float64Array, count: number): number {
    if (values.buffer === this.#space.memory.buffer) return values.byteOffset;
    this.#values.set(values.subarray(0, count));
    return this.#valuesAt;
  }
}
