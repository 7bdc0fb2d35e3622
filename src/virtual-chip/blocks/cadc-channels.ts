/**
 * From voltages to the 8-bit counts of the CADC: one ramp per quadrant, one comparator and counter per channel. Knows
 * neither addresses nor where the voltages come from. Numbers and their sources: docs/chip-model.md, "CADC".
 */
import type { Rng } from "../../base/rng.js";
import { NoiseStream } from "../noise.js";
import { cellVoltage } from "../physics/transfer.js";

/** Channels of one half: 256 columns, causal and acausal. Index = 2 * column + type. */
export const channelsPerHalf = 512;
export const quadrants = 4;

/** Ramp step per count at the nominal slope code, and that code. */
const voltsPerCount = 4.5e-3;
const nominalSlopeCode = 211;
/** The ramp starts below its cell's voltage by this, V: code 150 starts at 0.06 V, so that 20..220 are 0.15..1.05 V. */
const rampStartDrop = 0.242;
/** A ramp or comparator with less bias than this, codes, does not work. */
const leastBias = 10;
const largestCount = 255;

/** Spread at factor 1: of a quadrant's ramp (start in V, slope of the logarithm), of a channel (counts, logarithm). */
const rampStartSpread = 0.015;
const rampSlopeSpread = 0.05;
const channelOffsetSpread = 6;
const channelGainSpread = 0.01;
/** White noise of one conversion, counts rms, at factor 1. */
const conversionNoise = 0.7;

/** Levels of a quadrant's CapMem cells that act on its converters, codes. */
export interface CadcBias {
  /** cadc_v_ramp_offset */
  readonly rampOffset: number;
  /** cadc_i_ramp_slope */
  readonly rampSlope: number;
  /** Smallest of cadc_v_bias_ramp_buf, cadc_i_bias_comp, cadc_i_bias_vreset_buf. */
  readonly weakestBias: number;
}

export class CadcChannels {
  readonly #noise: NoiseStream;
  readonly #noiseFactor: number;
  readonly #rampStart = new Float64Array(quadrants);
  readonly #rampSlope = new Float64Array(quadrants);
  readonly #offset: Float64Array;
  readonly #gain: Float64Array;
  readonly #normals = new Float64Array(4);

  /** @param spread @param noise factors of the imperfection knobs */
  constructor(root: Rng, spread: number, noise: number) {
    const rng = root.fork("cadc spread");
    this.#noise = new NoiseStream(root.fork("cadc noise"));
    this.#noiseFactor = noise;
    for (let q = 0; q < quadrants; q++) {
      this.#rampStart[q] = rampStartSpread * spread * rng.normal();
      this.#rampSlope[q] = Math.exp(rampSlopeSpread * spread * rng.normal());
    }
    this.#offset = Float64Array.from(
      { length: 2 * channelsPerHalf },
      () => channelOffsetSpread * spread * rng.normal(),
    );
    this.#gain = Float64Array.from({ length: 2 * channelsPerHalf }, () =>
      Math.exp(channelGainSpread * spread * rng.normal()),
    );
  }

  /**
   * Counts of all channels of a half, 0..255, before the digital offset.
   * @param volts input of each channel, length 512 @param bias of the half's west and east quadrant
   * @param time of the conversion, units of 4 ns; addresses its noise
   */
  convert(out: Uint8Array, half: number, volts: Float64Array, bias: readonly [CadcBias, CadcBias], time: number): void {
    const normals = this.#normals;
    for (let i = 0; i < channelsPerHalf; i++) {
      const channel = half * channelsPerHalf + i;
      if (i % 4 === 0) this.#noise.normals(normals, time, channel);
      const east = i < channelsPerHalf / 2 ? 0 : 1;
      const quadrant = 2 * half + east;
      const { rampOffset, rampSlope, weakestBias } = bias[east];
      if (weakestBias < leastBias) {
        // The ramp never meets the input, and the counter runs to its end.
        out[i] = largestCount;
        continue;
      }
      const start = cellVoltage(rampOffset) - rampStartDrop + (this.#rampStart[quadrant] as number);
      const step = (voltsPerCount * (this.#rampSlope[quadrant] as number) * Math.max(rampSlope, 0)) / nominalSlopeCode;
      const above = (volts[i] as number) - start;
      const ideal = above <= 0 ? 0 : above / Math.max(step, 1e-6);
      const noise = conversionNoise * this.#noiseFactor * (normals[i % 4] as number);
      const count = Math.round(ideal * (this.#gain[channel] as number) + (this.#offset[channel] as number) + noise);
      out[i] = Math.max(0, Math.min(count, largestCount));
    }
  }
}
