/**
 * Brings two streams together pair by pair; the faster one waits, so that neither is ever held as a whole. Where one side
 * has items that the other lacks, these stand alone, and what follows is paired again.
 */
import { type Deferred, deferred } from "../base/async.js";

type Side = "a" | "b";
/** How far ahead the same item is looked for. */
const reach = 8;
/** What one side may be ahead. */
const maxAhead = reach + 1;

export class Pairing<T> {
  readonly #queues: Readonly<Record<Side, T[]>> = { a: [], b: [] };
  readonly #ended = { a: false, b: false };
  readonly #isSame: (a: T, b: T) => boolean;
  #changed: Deferred<void> = deferred();

  /** @param isSame whether two items belong together without a doubt */
  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame;
  }

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

  /** Call for each pair; undefined stands for what one side lacks. Resolves when both have ended. */
  async each(use: (a: T | undefined, b: T | undefined) => void): Promise<void> {
    const { a, b } = this.#queues;
    for (;;) {
      const changed = this.#changed.promise;
      const next = this.#next();
      if (next === "end") return;
      if (next === "wait") await changed;
      else {
        use(next === "b" ? undefined : a.shift(), next === "a" ? undefined : b.shift());
        this.#change();
      }
    }
  }

  /** Whose turn it is: the next of both, of one side alone, or nobody's yet. */
  #next(): Side | "both" | "wait" | "end" {
    const { a, b } = this.#queues;
    const [one, other] = [a[0], b[0]];
    if (one === undefined) {
      if (!this.#ended.a) return "wait";
      return other === undefined ? (this.#ended.b ? "end" : "wait") : "b";
    }
    if (other === undefined) return this.#ended.b ? "a" : "wait";
    if (this.#isSame(one, other)) return "both";
    const isDeep = (side: Side): boolean => this.#ended[side] || this.#queues[side].length > reach;
    if (!isDeep("a") || !isDeep("b")) return "wait";
    // The nearest place at which both go on alike: what one side has more of before it stands alone.
    for (let sum = 1; sum <= 2 * reach; sum++) {
      for (let i = Math.max(0, sum - reach); i <= Math.min(sum, reach); i++) {
        const [left, right] = [a[i], b[sum - i]];
        if (left === undefined || right === undefined || !this.#isSame(left, right)) continue;
        if (2 * i === sum) return "both";
        return 2 * i > sum ? "a" : "b";
      }
    }
    return "both";
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = deferred();
    changed.resolve();
  }
}
