/**
 * The chip's registers: which addresses answer, which bits of a word exist, what they hold after a reset. What a register
 * does is a hook of the block that owns it. An address that nothing listens to is refused, never answered with a silent
 * zero.
 */
import type { ContainerType } from "../protocol/index.js";
import { type PlacedRun, registerLayout } from "./register-layout.js";

/** What a block does when its registers are touched. */
export interface RegisterHooks {
  /**
   * A word has been stored.
   * @param at index of the coordinate @param word index of the word in the container
   * @param isNew whether the register holds something else than before
   */
  readonly onWrite?: (at: number, word: number, isNew: boolean) => void;
  /** The answer to a read, where it is not what was stored. */
  readonly onRead?: (at: number, word: number) => number;
}

interface Element {
  /** A view of the registers. */
  readonly words: Uint32Array;
  /** Fields as they were decoded last, and from what. */
  latest: { readonly words: Uint32Array; readonly fields: object } | undefined;
}

/** Mask of the bits that the byte enables let through; enable 0 is bits 7..0. */
function byteMask(byteEnables: number): number {
  let mask = 0;
  for (let byte = 0; byte < 4; byte++) if (byteEnables & (1 << byte)) mask |= 0xff << (8 * byte);
  return mask >>> 0;
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function coordinateAt({ first, step, address }: PlacedRun, target: number): number {
  return first + (step === 0 ? 0 : (target - address) / step);
}

export class Registers {
  readonly #layout = registerLayout();
  readonly #values = this.#layout.resetValues.slice();
  readonly #hooks: (RegisterHooks | undefined)[] = [];
  /** What was asked for so far, by container: the same few elements are asked for again and again. */
  readonly #elements = new Map<string, Map<number, Element>>();

  /** Attach a block to the registers of a container. */
  hook(container: { readonly name: string }, hooks: RegisterHooks): void {
    const index = this.#layout.indexOf.get(container.name);
    if (index === undefined) throw new RangeError(`${container.name} is no register of the chip`);
    this.#hooks[index] = hooks;
  }

  /** The words that one element of a container holds, in word order. A view: it follows later writes. */
  words<C extends string, F extends object>(container: ContainerType<C, F>, at: number): Uint32Array {
    return this.#element(container, at).words;
  }

  /** The fields that one element of a container holds. Not to be written to. */
  fields<C extends string, F extends object>(container: ContainerType<C, F>, at: number): Readonly<F> {
    const element = this.#element(container, at);
    const { words, latest } = element;
    // Containers and their fields go together by name.
    if (latest && sameWords(latest.words, words)) return latest.fields as F;
    const fields = container.decode(words);
    element.latest = { words: words.slice(), fields };
    return fields;
  }

  #element(container: { readonly name: string; readonly wordCount: number }, at: number): Element {
    let elements = this.#elements.get(container.name);
    if (!elements) {
      elements = new Map();
      this.#elements.set(container.name, elements);
    }
    let element = elements.get(at);
    if (!element) {
      const storage = this.#layout.storages[this.#layout.indexOf.get(container.name) ?? -1];
      if (!storage || storage.first < 0) throw new RangeError(`${container.name} stores nothing`);
      const first = storage.first + at * storage.stride;
      element = { words: this.#values.subarray(first, first + container.wordCount), latest: undefined };
      elements.set(at, element);
    }
    return element;
  }

  /** @returns false when nothing answers at this address, or only to reads */
  write(address: number, word: number, byteEnables: number): boolean {
    const run = this.#layout.at(address);
    if (run === undefined || run.container.access === "r") return false;
    const at = coordinateAt(run, address);
    const slot = this.#slot(run, at);
    let isNew = true;
    if (slot >= 0) {
      const mask = ((run.container.usedBits[run.word] ?? 0) & byteMask(byteEnables)) >>> 0;
      const before = this.#values[slot] as number;
      this.#values[slot] = (before & ~mask) | (word & mask);
      isNew = this.#values[slot] !== before;
    }
    this.#hooks[run.index]?.onWrite?.(at, run.word, isNew);
    return true;
  }

  /** @returns undefined when nothing answers at this address, or only to writes */
  read(address: number): number | undefined {
    const run = this.#layout.at(address);
    if (run === undefined || run.container.access === "w") return undefined;
    const at = coordinateAt(run, address);
    const hooks = this.#hooks[run.index];
    if (hooks?.onRead) return hooks.onRead(at, run.word) >>> 0;
    const slot = this.#slot(run, at);
    // A view of shared words shows its own bits alone.
    return slot < 0 ? 0 : ((this.#values[slot] as number) & (run.container.usedBits[run.word] ?? 0)) >>> 0;
  }

  /** Everything as after power-up; calls no hook. */
  reset(): void {
    this.#values.set(this.#layout.resetValues);
  }

  #slot({ index, word }: PlacedRun, at: number): number {
    const storage = this.#layout.storages[index];
    return storage === undefined || storage.first < 0 ? -1 : storage.first + at * storage.stride + word;
  }
}
