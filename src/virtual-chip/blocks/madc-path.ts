/**
 * From a readout buffer's line to a 10-bit number: gain and offset, converter noise, rounding, saturation. Knows neither
 * when samples are taken nor the converter's states.
 */
import type { Rng } from "../../base/rng.js";
import type { Imperfections } from "../imperfections.js";
import { NoiseStream } from "../noise.js";
import type { SamplePlace, SampleRun } from "./line-kernel.js";
import type { ReadoutLine } from "./readout-line.js";

/** Nominal step of the converter, V: full scale is the 1.2 V supply. */
const voltsPerLsb = 1.2e-3;
const largestSample = 1023;
/** Spread of the converter itself from chip to chip: gain (of the logarithm) and offset in LSB. */
const converterGainSpread = 0.01;
const converterOffsetSpread = 3;
/** White noise of a sample, LSB rms, and offset that changes from start to start. */
const whiteNoise = 1.5;
const startOffset = 1.2;
/** Share of samples that get lost, at factor 1; at most one in a block of so many. */
const missingShare = 1e-4;
const lossBlock = 512;
/** An input that nothing drives hangs about the middle of the range with a lot of noise. */
const floatingVolts = 0.6;
const floatingNoise = 12;

/** Quantisation with this chip's converter. */
export class Converter {
  readonly #noise: NoiseStream;
  readonly #noiseFactor: number;
  readonly #lossPerBlock: number;
  readonly #lsbPerVolt: number;
  readonly #offset: number;
  #white = new Float64Array(0);
  #values = new Uint16Array(0);
  #times = new Int32Array(0);
  #start = 0;
  #startOffset = 0;

  constructor(rng: Rng, { converterSpread: spread, converterNoise, missingSamples }: Imperfections) {
    const fixed = rng.fork("madc spread");
    this.#noise = new NoiseStream(rng.fork("madc noise"));
    this.#noiseFactor = converterNoise;
    this.#lossPerBlock = missingShare * missingSamples * lossBlock;
    this.#lsbPerVolt = Math.exp(converterGainSpread * spread * fixed.normal()) / voltsPerLsb;
    this.#offset = converterOffsetSpread * spread * fixed.normal();
  }

  /** A recording begins; its time, units of 4 ns, addresses its noise. */
  begin(start: number): void {
    this.#start = start;
    const normals = new Float64Array(4);
    this.#noise.normals(normals, start, 0, 1);
    this.#startOffset = startOffset * (normals[0] as number);
  }

  /** Convert samples, 0..1023 each. @param isDriven whether anything drives the line */
  convert(line: ReadoutLine, isDriven: boolean, place: SamplePlace): SampleRun {
    if (!isDriven) line.float(floatingVolts);
    const gain = this.#lsbPerVolt;
    const white = whiteNoise * this.#noiseFactor + (isDriven ? 0 : floatingNoise);
    const offset = this.#offset + this.#noiseFactor * this.#startOffset;
    if (line.kernel) return line.kernel.sample(this.#start, this.#noise.key, place, { gain, offset, white });
    const { index, count, position, spacing, bits } = place;
    const first = index >>> 2;
    const length = 4 * (((index + count - 1) >>> 2) - first + 1);
    if (this.#white.length < length) this.#white = new Float64Array(2 * length);
    const normals = this.#white;
    if (white > 0) this.#noise.row(normals.subarray(0, length), this.#start, first);
    const skipped = index - 4 * first;
    const { output, before } = line;
    return this.#fill(place, (k) => {
      const at = position + k * spacing;
      const i = Math.floor(at);
      const left = i === 0 ? before : (output[i - 1] as number);
      const volts = left + (at - i) * ((output[i] as number) - left);
      const lsb = Math.round(volts * gain + offset + white * (normals[skipped + k] as number));
      return Math.max(0, Math.min(lsb, largestSample)) | bits;
    });
  }

  /**
   * The first sample from a number on that gets lost on the way, before another number.
   * @returns `end` when none does
   */
  nextLost(from: number, end: number): number {
    if (this.#lossPerBlock === 0) return end;
    for (let block = Math.floor(from / lossBlock); block * lossBlock < end; block++) {
      const drawn = this.#noise.uniform(this.#start, block, 3) / this.#lossPerBlock;
      const lost = drawn < 1 ? block * lossBlock + Math.floor(drawn * lossBlock) : end;
      if (lost >= from && lost < end) return lost;
    }
    return end;
  }

  /** What a converter that has not settled gives: anything. */
  garbage(place: SamplePlace): SampleRun {
    return this.#fill(
      place,
      (k) => Math.floor((largestSample + 1) * this.#noise.uniform(this.#start, place.index + k, 2)) | place.bits,
    );
  }

  /** The samples' numbers in place of samples. */
  count(place: SamplePlace): SampleRun {
    return this.#fill(place, (k) => ((place.index + k) & largestSample) | place.bits);
  }

  #fill({ index, count, origin, period }: SamplePlace, value: (k: number) => number): SampleRun {
    if (this.#values.length < count) {
      this.#values = new Uint16Array(2 * count);
      this.#times = new Int32Array(2 * count);
    }
    const [values, times] = [this.#values, this.#times];
    for (let k = 0; k < count; k++) {
      values[k] = value(k);
      times[k] = Math.floor(origin + (index + k) * period);
    }
    return { values, times };
  }
}
