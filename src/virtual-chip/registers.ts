/**
 * The chip's registers: which addresses answer, which bits of a word exist, what they hold after a reset. Addresses and
 * bits come from the containers, so that chip and driver share the wire format and nothing else. What a register does is
 * a hook of the block that owns it. An address that nothing listens to is refused, never answered with a silent zero.
 */
import { type ContainerType, containerChapters } from "../protocol/index.js";
import { plainRegisters } from "./plain-registers.js";

/** What a block does when its registers are touched. */
export interface RegisterHooks {
  /** After a word has been stored. @param at index of the coordinate @param word index of the word in the container */
  readonly onWrite?: (at: number, word: number) => void;
  /** The answer to a read, where it is not what was stored. */
  readonly onRead?: (at: number, word: number) => number;
}

/** The address map, the same for every chip; built once. */
interface Layout {
  readonly slotOfAddress: ReadonlyMap<number, number>;
  /** Per slot: container (or -1), coordinate, word, used bits, value after reset, readable and writable. */
  readonly container: Int16Array;
  readonly at: Uint16Array;
  readonly word: Uint8Array;
  readonly usedBits: Uint32Array;
  readonly resetValue: Uint32Array;
  readonly access: Uint8Array;
  /** First slot of each container by name; the words of one coordinate follow each other, coordinates ascend. */
  readonly firstSlot: ReadonlyMap<string, number>;
}

const readable = 1;
const writable = 2;
const accessBits = { rw: readable | writable, r: readable, w: writable } as const;
/** Addresses from here on belong to the FPGA. */
const fpgaBase = 0x8000_0000;

/** Chapters of docs/registers.md whose circuits the chip has; the others are refused, not answered with what is stored. */
const chapters: ReadonlySet<string> = new Set([
  "CapMem",
  "Neuron",
  "Neuron backend",
  "Analog readout",
  "MADC",
  "Event routing",
  "Time and execution",
]);

export const chipContainers: readonly ContainerType[] = containerChapters
  .filter((chapter) => chapters.has(chapter.title))
  .flatMap<ContainerType>((chapter) => chapter.containers)
  .filter((c) => c.bus === "omnibus" && (c.addresses(c.coordinate.at(0))[0] ?? 0) < fpgaBase);

function buildLayout(): Layout {
  const slotOfAddress = new Map<number, number>();
  const firstSlot = new Map<string, number>();
  const rows: [container: number, at: number, word: number, usedBits: number, reset: number, access: number][] = [];
  const add = (address: number, ...row: (typeof rows)[number]): void => {
    slotOfAddress.set(address, rows.length);
    rows.push(row);
  };
  chipContainers.forEach((container, index) => {
    firstSlot.set(container.name, rows.length);
    const reset = container.encode({});
    for (let at = 0; at < container.coordinate.size; at++) {
      container.addresses(container.coordinate.at(at)).forEach((address, word) => {
        add(address, index, at, word, container.usedBits[word] ?? 0, reset[word] ?? 0, accessBits[container.access]);
      });
    }
  });
  for (const { address, usedBits, resetValue } of plainRegisters()) {
    if (!slotOfAddress.has(address)) add(address, -1, 0, 0, usedBits, resetValue, accessBits.rw);
  }
  const column = (i: number): number[] => rows.map((row) => row[i] as number);
  return {
    slotOfAddress,
    firstSlot,
    container: Int16Array.from(column(0)),
    at: Uint16Array.from(column(1)),
    word: Uint8Array.from(column(2)),
    usedBits: Uint32Array.from(column(3)),
    resetValue: Uint32Array.from(column(4)),
    access: Uint8Array.from(column(5)),
  };
}

let sharedLayout: Layout | undefined;

/** Mask of the bits that the byte enables let through; enable 0 is bits 7..0. */
function byteMask(byteEnables: number): number {
  let mask = 0;
  for (let byte = 0; byte < 4; byte++) if (byteEnables & (1 << byte)) mask |= 0xff << (8 * byte);
  return mask >>> 0;
}

export class Registers {
  readonly #layout: Layout;
  readonly #values: Uint32Array;
  readonly #hooks = new Map<number, RegisterHooks>();

  constructor() {
    sharedLayout ??= buildLayout();
    this.#layout = sharedLayout;
    this.#values = this.#layout.resetValue.slice();
  }

  /** Attach a block to the registers of a container. */
  hook(container: { readonly name: string }, hooks: RegisterHooks): void {
    this.#hooks.set(
      chipContainers.findIndex((c) => c.name === container.name),
      hooks,
    );
  }

  /** The words that one element of a container holds, in word order. A view: it follows later writes. */
  words<C extends string, F extends object>(container: ContainerType<C, F>, at: number): Uint32Array {
    const first = (this.#layout.firstSlot.get(container.name) ?? 0) + at * container.wordCount;
    return this.#values.subarray(first, first + container.wordCount);
  }

  /** @returns false when nothing answers at this address, or only to reads */
  write(address: number, word: number, byteEnables: number): boolean {
    const layout = this.#layout;
    const slot = layout.slotOfAddress.get(address);
    if (slot === undefined || !((layout.access[slot] as number) & writable)) return false;
    const mask = ((layout.usedBits[slot] as number) & byteMask(byteEnables)) >>> 0;
    this.#values[slot] = ((this.#values[slot] as number) & ~mask) | (word & mask);
    this.#hooks
      .get(layout.container[slot] as number)
      ?.onWrite?.(layout.at[slot] as number, layout.word[slot] as number);
    return true;
  }

  /** @returns undefined when nothing answers at this address, or only to writes */
  read(address: number): number | undefined {
    const layout = this.#layout;
    const slot = layout.slotOfAddress.get(address);
    if (slot === undefined || !((layout.access[slot] as number) & readable)) return undefined;
    const hooks = this.#hooks.get(layout.container[slot] as number);
    if (hooks?.onRead) return hooks.onRead(layout.at[slot] as number, layout.word[slot] as number) >>> 0;
    return this.#values[slot] as number;
  }

  /** Everything as after power-up; calls no hook. */
  reset(): void {
    this.#values.set(this.#layout.resetValue);
  }
}
