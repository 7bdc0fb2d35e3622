/**
 * From a readout buffer to a 10-bit number: low-pass of the readout path on the chip's grid, gain and offset, converter
 * noise, rounding, saturation. Knows neither when samples are taken nor the converter's states.
 */
import type { Rng } from "../../base/rng.js";
import { NoiseStream } from "../noise.js";
import { stepUs } from "../physics/adex.js";

/** Nominal step of the converter, V: full scale is the 1.2 V supply. */
export const voltsPerLsb = 1.2e-3;
export const largestSample = 1023;
/** Spread of the converter itself from chip to chip: gain (of the logarithm) and offset in LSB. */
const converterGainSpread = 0.01;
const converterOffsetSpread = 3;
/** White noise of a sample, LSB rms, and offset that changes from start to start. */
const whiteNoise = 1.5;
const startOffset = 1.2;
/** An input that nothing drives hangs about the middle of the range with a lot of noise. */
const floatingVolts = 0.6;
const floatingNoise = 12;

/** One readout buffer's low-pass, with its output on the grid for one stretch. */
export class BufferFilter {
  /** Output at the end of each step of the stretch at hand, V. */
  readonly output: Float64Array;
  /** Output at the stretch's start, V; NaN before the first stretch. */
  before = Number.NaN;
  #last = Number.NaN;
  #share = 1;

  constructor(length: number) {
    this.output = new Float64Array(length);
  }

  /** @param poleMHz 0 holds the output at the lower rail */
  setPole(poleMHz: number): void {
    this.#share = poleMHz === 0 ? 0 : 1 - Math.exp(-2 * Math.PI * poleMHz * stepUs);
    if (poleMHz === 0) this.#last = 0;
  }

  /** The filter has forgotten its past: the next input finds it settled. */
  restart(): void {
    this.#last = Number.NaN;
  }

  /** Filter `count` inputs, V, into `output`. */
  run(input: Float64Array, count: number): void {
    const { output } = this;
    const share = this.#share;
    let y = Number.isNaN(this.#last) ? (input[0] ?? 0) : this.#last;
    this.before = y;
    for (let i = 0; i < count; i++) {
      y += share * ((input[i] as number) - y);
      output[i] = y;
    }
    this.#last = y;
  }

  /** Output at a point of the stretch, steps from its start, 0 <= position < count. */
  at(position: number): number {
    const i = Math.floor(position);
    const left = i === 0 ? this.before : (this.output[i - 1] as number);
    return left + (position - i) * ((this.output[i] as number) - left);
  }
}

/** Quantisation with this chip's converter. */
export class Converter {
  readonly #noise: NoiseStream;
  readonly #noiseFactor: number;
  readonly #lsbPerVolt: number;
  readonly #offset: number;
  readonly #normals = new Float64Array(4);
  #start = 0;
  #block = -1;
  #startOffset = 0;

  /** @param spread @param noise factors of the imperfection knobs */
  constructor(rng: Rng, spread: number, noise: number) {
    const fixed = rng.fork("madc spread");
    this.#noise = new NoiseStream(rng.fork("madc noise"));
    this.#noiseFactor = noise;
    this.#lsbPerVolt = Math.exp(converterGainSpread * spread * fixed.normal()) / voltsPerLsb;
    this.#offset = converterOffsetSpread * spread * fixed.normal();
  }

  /** A recording begins; its time, units of 4 ns, addresses its noise. */
  begin(start: number): void {
    this.#start = start;
    this.#block = -1;
    this.#noise.normals(this.#normals, start, 0, 1);
    this.#startOffset = startOffset * (this.#normals[0] as number);
  }

  /** Sample number `index` of the recording: 0..1023. @param isDriven whether anything drives the input */
  convert(volts: number, index: number, isDriven: boolean): number {
    const lane = index & 3;
    const block = index >>> 2;
    if (block !== this.#block) {
      this.#noise.normals(this.#normals, this.#start, block);
      this.#block = block;
    }
    const noise = this.#noiseFactor * (whiteNoise * (this.#normals[lane] as number) + this.#startOffset);
    const wandering = isDriven ? 0 : floatingNoise * (this.#normals[lane] as number);
    const input = isDriven ? volts : floatingVolts;
    const lsb = Math.round(input * this.#lsbPerVolt + this.#offset + noise + wandering);
    return Math.min(Math.max(lsb, 0), largestSample);
  }

  /** What a converter that has not settled gives: anything. */
  garbage(index: number): number {
    return Math.floor((largestSample + 1) * this.#noise.uniform(this.#start, index, 2));
  }
}
