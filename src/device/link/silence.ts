/**
 * Whether anybody is still there. HostARQ has no heartbeat: a board that has taken a whole program says nothing until it
 * has answers. But every receiver acknowledges a frame anew that it has acknowledged before, since it cannot know whether
 * the acknowledgement arrived; so a copy of the last acknowledged frame is a question that a living board answers,
 * whatever its executor does and however full its buffers are. Counts questions, not time alone: a host that was held
 * up itself finds time passed before it has read what has come.
 */

/** Questions without an answer that mean death; the silence ends one interval later. */
const questions = 4;

export class Silence {
  readonly #intervalMs: number;
  /** When the last word was heard, the last question asked, or waiting began. */
  #since = 0;
  #asked = 0;

  /** @param limitMs how long a silence may last while something is waited for; 0 never ends it */
  constructor(limitMs: number) {
    this.#intervalMs = limitMs > 0 ? limitMs / (questions + 1) : Number.POSITIVE_INFINITY;
  }

  /** Something came, or nothing could have come until now. */
  broken(now: number): void {
    this.#since = now;
    this.#asked = 0;
  }

  /** When `check` is due while something is waited for. */
  get deadline(): number {
    return this.#since + this.#intervalMs;
  }

  /** @returns what to do now */
  check(now: number): "nothing" | "ask" | "dead" {
    if (now < this.deadline) return "nothing";
    if (this.#asked >= questions) return "dead";
    this.#since = now;
    this.#asked++;
    return "ask";
  }
}
