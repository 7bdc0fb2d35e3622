/**
 * The readout path's kernels (src/kernels/assembly/readout.ts) and the memory they work in, for one line: the same values
 * as the reference bodies in readout-line.ts and madc-path.ts, many at a time.
 */
import { KernelSpace } from "../../kernels/module.js";

const floatsPerDouble = 2;
const twoTo32 = 0x1_0000_0000;
/** Values of a generator block; the kernel makes four blocks at a time, from one that may have begun before. */
const perBlock = 4;
const blocksAtOnce = 4;

/** How a driver shows its voltage: share * (gain * max(0, origin + sign * voltage) + shift). */
export interface LineShare {
  readonly origin: number;
  readonly sign: number;
  readonly gain: number;
  readonly shift: number;
  readonly share: number;
}

/** How a voltage becomes a number: see `Converter.convert`. */
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
  readonly #values: Float64Array;
  readonly #samples: Uint16Array;
  readonly #before: Float64Array;

  /** @param length longest stretch, steps, and largest number of samples at a time; even */
  constructor(module: WebAssembly.Module, length: number) {
    const space = new KernelSpace(module);
    const doubles = (count: number): number => space.allocate(floatsPerDouble * count);
    this.#space = space;
    this.#inputAt = doubles(length + 2);
    const beforeAt = doubles(length + 4) + 8;
    this.#outputAt = beforeAt + 8;
    this.#valuesAt = doubles(length + 2);
    this.#normalsAt = doubles(length + 2 * perBlock * blocksAtOnce);
    this.#samplesAt = space.allocate(length / 2 + 1);
    // Views are taken once all is allocated: growing the memory detaches them.
    const { buffer } = space.memory;
    this.input = new Float64Array(buffer, this.#inputAt, length);
    this.output = new Float64Array(buffer, this.#outputAt, length);
    this.#before = new Float64Array(buffer, beforeAt, 1);
    this.#values = new Float64Array(buffer, this.#valuesAt, length);
    this.#samples = new Uint16Array(buffer, this.#samplesAt, length);
  }

  add(step: number, values: Float64Array, count: number, { origin, sign, gain, shift, share }: LineShare): void {
    this.#values.set(values.subarray(0, count));
    // The kernel takes pairs: beyond an odd count it changes one more.
    const beyond = this.input[step + count];
    this.#space.call.addDriver(this.#inputAt + 8 * step, this.#valuesAt, count, origin, sign, gain, shift, share);
    if (beyond !== undefined) this.input[step + count] = beyond;
  }

  /** @returns the output at the end */
  run(count: number, share: number, start: number): number {
    return this.#space.call.lowPass(this.#outputAt, this.#inputAt, count, share, start);
  }

  float(volts: number): void {
    this.#before[0] = volts;
  }

  /**
   * Samples `index` to `index + count - 1` of a recording into `out`.
   * @param start index of the noise @param key of its stream @param position of the first, steps @param spacing steps
   */
  sample(
    out: Uint16Array,
    start: number,
    key: readonly [number, number],
    index: number,
    count: number,
    position: number,
    spacing: number,
    { gain, offset, white }: Scale,
  ): void {
    const first = index >>> 2;
    const blocks = ((index + count - 1) >>> 2) - first + 1;
    const { call } = this.#space;
    if (white > 0) {
      const all = blocksAtOnce * Math.ceil(blocks / blocksAtOnce);
      const [low, high] = [start % twoTo32, Math.floor(start / twoTo32)];
      call.noiseRow(this.#normalsAt, all, low, high, first, 0, key[0], key[1]);
    }
    const normalsAt = this.#normalsAt + 8 * (index - perBlock * first);
    call.sampleLine(this.#samplesAt, this.#outputAt, normalsAt, count, position, spacing, gain, offset, white);
    out.set(this.#samples.subarray(0, count));
  }
}
