/**
 * One readout buffer's line on the chip's grid, a stretch at a time: the mean of what drives it, and the low-pass of the
 * path behind it. Knows no neurons, registers and converters. This is the reference; the kernel does the same.
 */
import { stepUs } from "../physics/adex.js";
import type { LineKernel, LineShare } from "./line-kernel.js";

export class ReadoutLine {
  readonly kernel: LineKernel | undefined;
  /** Output at the end of each step of the stretch at hand, V. */
  readonly output: Float64Array;
  /** Output at the stretch's start, V; NaN before the first stretch. */
  before = Number.NaN;
  readonly #input: Float64Array;
  #last = Number.NaN;
  /** What the low-pass keeps of its output in a step, and takes of its input. */
  #keep = 0;
  #share = 1;

  /** @param length longest stretch, steps @param kernel with room for such a stretch */
  constructor(length: number, kernel?: LineKernel) {
    this.kernel = kernel;
    this.#input = kernel?.input ?? new Float64Array(length);
    this.output = kernel?.output ?? new Float64Array(length);
  }

  /** @param poleMHz 0 holds the output at the lower rail */
  setPole(poleMHz: number): void {
    this.#keep = Math.exp(-2 * Math.PI * poleMHz * stepUs);
    this.#share = 1 - this.#keep;
    if (poleMHz === 0) this.#last = 0;
  }

  /** The low-pass has forgotten its past: the next input finds it settled. */
  restart(): void {
    this.#last = Number.NaN;
  }

  /** A stretch of so many steps begins, without drivers. */
  clear(count: number): void {
    this.#input.fill(0, 0, count);
  }

  /** Add one of several drivers from a step of the stretch on. @param share of the mean, 0..1 */
  add(step: number, values: Float64Array, count: number, how: LineShare, share: number): void {
    if (this.kernel) {
      this.kernel.add(step, values, count, how, share);
      return;
    }
    const input = this.#input;
    for (let i = 0; i < count; i++)
      input[step + i] = (input[step + i] as number) + share * shown(values[i] as number, how);
  }

  /** Low-pass of the `count` steps that drivers were added to. */
  run(count: number): void {
    const input = this.#input;
    let y = Number.isNaN(this.#last) ? (input[0] ?? 0) : this.#last;
    this.before = y;
    if (this.kernel) y = this.kernel.run(count, this.#keep, this.#share, y);
    else for (let i = 0; i < count; i++) y = this.#filter(i, y, input[i] as number);
    this.#last = y;
  }

  /** The only driver's next voltages go through the low-pass at once: as if added to a cleared line, and run. */
  pass(step: number, values: Float64Array, count: number, how: LineShare): void {
    let y = Number.isNaN(this.#last) ? shown(values[0] ?? 0, how) : this.#last;
    if (step === 0) this.before = y;
    if (this.kernel) y = this.kernel.pass(step, values, count, how, this.#keep, this.#share, y);
    else for (let i = 0; i < count; i++) y = this.#filter(step + i, y, shown(values[i] as number, how));
    this.#last = y;
  }

  #filter(step: number, y: number, input: number): number {
    const next = this.#keep * y + this.#share * input;
    this.output[step] = next;
    return next;
  }

  /** Nothing drives the stretch's line: it shows this voltage. */
  float(volts: number): void {
    this.before = volts;
    this.output.fill(volts);
    this.kernel?.float(volts);
  }
}

function shown(value: number, { origin, sign, gain, shift }: LineShare): number {
  return gain * Math.max(0, origin + sign * value) + shift;
}
