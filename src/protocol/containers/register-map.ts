/**
 * From an address back to the register: which containers have a word there, at which coordinate. Built from the
 * containers' own addresses, folded into runs of equal steps, because the coordinates are some 300,000; a test compares
 * every one of them. Knows nothing of values.
 */
import type { Coordinate } from "../coordinates/coordinate.js";
import type { ContainerBus, ContainerType } from "./container.js";
import { allContainers } from "./dictionary.js";

/** A word of a container. */
export interface RegisterPlace {
  readonly container: ContainerType;
  readonly at: Coordinate<string>;
  /** Index of the word in the container. */
  readonly word: number;
}

/** Word `word` of the coordinates `first` .. `first + count - 1`, at addresses that grow by `step` (0: one address). */
export interface Run {
  readonly container: ContainerType;
  readonly word: number;
  readonly first: number;
  readonly count: number;
  readonly address: number;
  readonly step: number;
}

/** Addresses per bucket of the map: 2^12. */
const pageBits = 12;
const pageOf = (address: number): number => Math.floor(address / 2 ** pageBits);

/** Longest run from `first` on, found by doubling and halving: within a run, addresses are linear in the coordinate. */
function runFrom(container: ContainerType, word: number, first: number): Run {
  const addressAt = (index: number): number => container.addresses(container.coordinate.at(index))[word] as number;
  const address = addressAt(first);
  const left = container.coordinate.size - first;
  const step = left > 1 ? addressAt(first + 1) - address : 0;
  const fits = (count: number): boolean => addressAt(first + count - 1) === address + step * (count - 1);
  let good = Math.min(2, left);
  let bad = good;
  while (bad < left && fits(Math.min(2 * good, left))) {
    good = Math.min(2 * good, left);
    bad = good;
  }
  if (good < left) {
    bad = Math.min(2 * good, left);
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (fits(middle)) good = middle;
      else bad = middle;
    }
  }
  return { container, word, first, count: good, address, step };
}

/** All runs of a container: its addresses in little room. */
export function runsOf(container: ContainerType): readonly Run[] {
  const runs: Run[] = [];
  for (let word = 0; word < container.wordCount; word++)
    for (let first = 0; first < container.coordinate.size; ) {
      const run = runFrom(container, word, first);
      runs.push(run);
      first += run.count;
    }
  return runs;
}

export class RegisterMap {
  readonly #pages = new Map<number, Run[]>();

  constructor(containers: readonly ContainerType[]) {
    for (const container of containers) for (const run of runsOf(container)) this.#add(run);
  }

  #add(run: Run): void {
    const last = run.address + run.step * (run.count - 1);
    const [from, to] = [pageOf(Math.min(run.address, last)), pageOf(Math.max(run.address, last))];
    for (let page = from; page <= to; page++) {
      const runs = this.#pages.get(page);
      if (runs) runs.push(run);
      else this.#pages.set(page, [run]);
    }
  }

  /** Every container word at an address, containers with more words first. */
  at(address: number): readonly RegisterPlace[] {
    const places: RegisterPlace[] = [];
    for (const { container, word, first, count, address: base, step } of this.#pages.get(pageOf(address)) ?? []) {
      const distance = address - base;
      const offset = step === 0 ? 0 : distance / step;
      if (distance !== offset * step || !Number.isInteger(offset) || offset < 0 || offset >= count) continue;
      places.push({ container, at: container.coordinate.at(first + offset), word });
    }
    return places.sort((a, b) => b.container.wordCount - a.container.wordCount);
  }
}

const maps = new Map<ContainerBus, RegisterMap>();

/** The registers of one bus. */
export function registersOf(bus: ContainerBus): RegisterMap {
  let map = maps.get(bus);
  if (!map) {
    map = new RegisterMap(allContainers.filter((container) => container.bus === bus));
    maps.set(bus, map);
  }
  return map;
}
