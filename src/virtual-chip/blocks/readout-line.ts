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
  #share = 1;

  /** @param length longest stretch, steps @param kernel with room for such a stretch */
  constructor(length: number, kernel?: LineKernel) {
    this.kernel = kernel;
    this.#input = kernel?.input ?? new Float64Array(length);
    this.output = kernel?.output ?? new Float64Array(length);
  }

  /** @param poleMHz 0 holds the output at the lower rail */
  setPole(poleMHz: number): void {
    this.#share = poleMHz === 0 ? 0 : 1 - Math.exp(-2 * Math.PI * poleMHz * stepUs);
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

  /** Add a driver's voltages, V, from a step of the stretch on. */
  add(step: number, values: Float64Array, count: number, how: LineShare): void {
    if (this.kernel) {
      this.kernel.add(step, values, count, how);
      return;
    }
    const input = this.#input;
    const { origin, sign, gain, shift, share } = how;
    for (let i = 0; i < count; i++) {
      const volts = Math.max(0, origin + sign * (values[i] as number));
      input[step + i] = (input[step + i] as number) + share * (gain * volts + shift);
    }
  }

  /** Low-pass of `count` steps. */
  run(count: number): void {
    const input = this.#input;
    const share = this.#share;
    let y = Number.isNaN(this.#last) ? (input[0] ?? 0) : this.#last;
    this.before = y;
    if (this.kernel) y = this.kernel.run(count, share, y);
    else {
      const { output } = this;
      for (let i = 0; i < count; i++) {
        y += share * ((input[i] as number) - y);
        output[i] = y;
      }
    }
    this.#last = y;
  }

  /** Nothing drives the stretch's line: it shows this voltage. */
  float(volts: number): void {
    this.before = volts;
    this.output.fill(volts);
    this.kernel?.float(volts);
  }
}
