/** Brings two streams together pair by pair; the faster one waits, so that neither is ever held as a whole. */
import { type Deferred, deferred } from "../base/async.js";

type Side = "a" | "b";
/** What one side may be ahead. */
const maxAhead = 4;

export class Pairing<T> {
  readonly #queues: Readonly<Record<Side, T[]>> = { a: [], b: [] };
  readonly #ended = { a: false, b: false };
  #changed: Deferred<void> = deferred();

  /** Resolves when there is room for more of this side. */
  async offer(side: Side, item: T): Promise<void> {
    this.#queues[side].push(item);
    this.#change();
    const other = side === "a" ? "b" : "a";
    while (this.#queues[side].length > maxAhead && !this.#ended[other]) await this.#changed.promise;
  }

  end(side: Side): void {
    this.#ended[side] = true;
    this.#change();
  }

  /** Call for each pair; a side that has ended gives undefined. Resolves when both have ended. */
  async each(use: (a: T | undefined, b: T | undefined) => void): Promise<void> {
    const { a, b } = this.#queues;
    for (;;) {
      const changed = this.#changed.promise;
      const canPair = (a.length > 0 || this.#ended.a) && (b.length > 0 || this.#ended.b);
      if (canPair && a.length === 0 && b.length === 0) return;
      if (canPair) {
        use(a.shift(), b.shift());
        this.#change();
      } else await changed;
    }
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = deferred();
    changed.resolve();
  }
}
