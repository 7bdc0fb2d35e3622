/**
 * The chip's address map, the same for every chip and built once: from an address to the word of a container, and where
 * that word is stored. Addresses and bits come from the containers, so that chip and driver share the wire format and
 * nothing else. Two ways of access to the same memory (whole synapses, weights alone, labels alone) share their words.
 */
import {
  allContainers,
  type ContainerType,
  type RegisterRun,
  runsOf,
  SynapseLabelQuad,
  SynapseQuad,
  SynapseWeightQuad,
} from "../protocol/index.js";

/** Addresses from here on belong to the FPGA. */
const fpgaBase = 0x8000_0000;
const pageBits = 12;
const pageSize = 2 ** pageBits;

/** Every container whose words lie on the chip's omnibus, whichever way the host reaches it. */
export const chipContainers: readonly ContainerType[] = allContainers.filter(
  (c) =>
    (c.bus === "omnibus" || c.bus === "omnibusOverJtag") && (c.addresses(c.coordinate.at(0))[0] ?? fpgaBase) < fpgaBase,
);

/** Views of another container's words: word 0 of the view is this word of the other, masked with the view's used bits. */
const views: ReadonlyMap<string, { readonly of: string; readonly word: number }> = new Map([
  [SynapseWeightQuad.name, { of: SynapseQuad.name, word: 0 }],
  [SynapseLabelQuad.name, { of: SynapseQuad.name, word: 1 }],
]);

/** Where the words of a container are stored: word `w` of element `at` in slot `first + at * stride + w`. */
export interface Storage {
  readonly container: ContainerType;
  /** -1: nothing is stored; what is read is made by a hook, and a write is a command without content. */
  readonly first: number;
  readonly stride: number;
}

/** A run of addresses with its place in the list of storages. */
export interface PlacedRun extends RegisterRun {
  readonly index: number;
}

export interface RegisterLayout {
  readonly storages: readonly Storage[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Number of slots. */
  readonly size: number;
  /** Values of all slots after a reset. */
  readonly resetValues: Uint32Array;
  /** @returns the run that holds an address, or undefined when nothing answers there */
  at(address: number): PlacedRun | undefined;
}

function hasStorage({ access, fields }: ContainerType): boolean {
  return access !== "r" && fields.length > 0;
}

function placeStorages(): { storages: Storage[]; size: number } {
  let size = 0;
  const storages = chipContainers.map((container): Storage => {
    const stores = hasStorage(container) && !views.has(container.name);
    const first = stores ? size : -1;
    if (stores) size += container.coordinate.size * container.wordCount;
    return { container, first, stride: container.wordCount };
  });
  const whole = new Map(storages.map((storage) => [storage.container.name, storage]));
  return {
    size,
    storages: storages.map((storage) => {
      const view = views.get(storage.container.name);
      const target = view && whole.get(view.of);
      return view && target ? { ...storage, first: target.first + view.word, stride: target.stride } : storage;
    }),
  };
}

function resetValuesOf(storages: readonly Storage[], size: number): Uint32Array {
  const values = new Uint32Array(size);
  for (const { container, first, stride } of storages) {
    if (first < 0 || views.has(container.name)) continue;
    const words = container.encode({});
    for (let at = 0; at < container.coordinate.size; at++) values.set(words, first + at * stride);
  }
  return values;
}

function buildLayout(): RegisterLayout {
  const { storages, size } = placeStorages();
  const runs: PlacedRun[] = storages.flatMap(({ container }, index) =>
    runsOf(container).map((run) => ({ ...run, index })),
  );
  /** Index in `runs` plus one, for each address of a page; 0 where nothing answers. Filled when first asked for. */
  const pages = new Map<number, Uint16Array>();
  const fill = (page: number): Uint16Array => {
    const owners = new Uint16Array(pageSize);
    const [from, to] = [page * pageSize, (page + 1) * pageSize];
    runs.forEach(({ address, step, count }, index) => {
      const last = address + step * (count - 1);
      if (last < from || address >= to) return;
      for (let i = 0, a = address; i < count; i++, a += step) if (a >= from && a < to) owners[a - from] = index + 1;
    });
    pages.set(page, owners);
    return owners;
  };
  return {
    storages,
    indexOf: new Map(storages.map(({ container }, index) => [container.name, index])),
    size,
    resetValues: resetValuesOf(storages, size),
    at(address) {
      const page = Math.floor(address / pageSize);
      const owners = pages.get(page) ?? fill(page);
      return runs[(owners[address - page * pageSize] as number) - 1];
    },
  };
}

let layout: RegisterLayout | undefined;

export function registerLayout(): RegisterLayout {
  layout ??= buildLayout();
  return layout;
}
