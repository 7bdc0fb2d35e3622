/**
 * How long an acknowledgement takes, so that a frame counts as lost only when it is later than those before it were. A
 * fixed time fits one board: with a window of 128 frames under way, a process that takes 10 us for each acknowledges
 * none of the last within the 0.756 ms of the official host, whose resends then stop the flow for nothing.
 * Source of the rule: RFC 6298, without its doubling (`maxResendFactor` does that) and without its lower bound of 1 s.
 */

/** Weights of a new measurement in the mean and in the deviation, and deviations that count as late. */
const meanWeight = 1 / 8;
const deviationWeight = 1 / 4;
const lateDeviations = 4;

export class RoundTrip {
  readonly #shortestMs: number;
  readonly #longestMs: number;
  #mean: number | undefined;
  #deviation = 0;
  #lateAfter: number;

  /** @param shortestMs what a frame may always take @param longestMs what no frame may take, the same or more */
  constructor(shortestMs: number, longestMs: number) {
    this.#shortestMs = shortestMs;
    this.#longestMs = longestMs;
    this.#lateAfter = shortestMs;
  }

  /** A frame that has waited longer than this is taken for lost, ms. */
  get lateAfter(): number {
    return this.#lateAfter;
  }

  /** A frame that was sent once was acknowledged after so many ms. */
  measured(ms: number): void {
    if (this.#mean === undefined) {
      this.#mean = ms;
      this.#deviation = ms / 2;
    } else {
      this.#deviation += deviationWeight * (Math.abs(this.#mean - ms) - this.#deviation);
      this.#mean += meanWeight * (ms - this.#mean);
    }
    const late = this.#mean + lateDeviations * this.#deviation;
    this.#lateAfter = Math.min(this.#longestMs, Math.max(this.#shortestMs, late));
  }
}
