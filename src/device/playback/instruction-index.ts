/**
 * Which access an instruction belongs to, so that a stuck instruction can be named. Parallel arrays: a program has
 * hundreds of thousands of accesses, and almost never does anybody ask.
 */
import type { ContainerType } from "../../protocol/containers/container.js";

/** What an entry stands for: a container's name is taken from the container. */
export type AccessKind =
  | "write"
  | "read"
  | "timer"
  | "wait"
  | "barrier"
  | "spikes"
  | "tick"
  | "block"
  | "jtag"
  /** A read of one omnibus word by its address, or another instruction; the detail is its text. */
  | "plain read"
  | "instruction"
  | "halt"
  | "reset";

export class InstructionIndex {
  readonly #starts: number[] = [];
  readonly #kinds: AccessKind[] = [];
  readonly #details: unknown[] = [];
  readonly #coordinates: number[] = [];

  /** Note an access whose first instruction is `start`; starts must not decrease. */
  add(start: number, kind: AccessKind, detail?: unknown, coordinate = 0): void {
    this.#starts.push(start);
    this.#kinds.push(kind);
    this.#details.push(detail);
    this.#coordinates.push(coordinate);
  }

  /** Text for the read that answer word number `answer` of the program belongs to; undefined when there is none. */
  describeAnswer(answer: number): string | undefined {
    let words = 0;
    for (const [entry, kind] of this.#kinds.entries()) {
      words += this.#omnibusAnswers(entry, kind);
      if (words > answer) return this.describe(this.#starts[entry] as number);
    }
    return undefined;
  }

  #omnibusAnswers(entry: number, kind: AccessKind): number {
    if (kind === "plain read") return 1;
    if (kind !== "read") return 0;
    const { bus, wordCount } = this.#details[entry] as ContainerType;
    return bus === "omnibus" ? wordCount : 0;
  }

  /** Text for the access that instruction `index` belongs to, for example `read of CapMemCellOnDls b0.c3.r1`. */
  describe(index: number): string {
    const entry = this.#find(index);
    if (entry < 0) return "no instruction of this program";
    const kind = this.#kinds[entry] as AccessKind;
    const detail = this.#details[entry];
    if (kind === "write" || kind === "read") {
      const container = detail as ContainerType;
      const at = container.coordinate.at(this.#coordinates[entry] as number);
      return `${kind} of ${container.name} at ${container.coordinate.name} ${container.coordinate.format(at)}`;
    }
    if (kind === "plain read" || kind === "instruction") return String(detail);
    return detail === undefined ? kind : `${kind} ${String(detail)}`;
  }

  /** Last entry whose start is not after `index`. */
  #find(index: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
