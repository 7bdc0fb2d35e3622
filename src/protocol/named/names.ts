/**
 * Names as programs of other people write them: the lab's own spelling differs from ours in case and underscores only
 * (`MADCConfig` and `MadcConfig`, `enable_readout` and `enableReadout`), so both are taken.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { nearest } from "../text/suggestion.js";

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

export class NameTable<T> {
  readonly #what: string;
  readonly #byName: ReadonlyMap<string, T>;
  readonly #names: readonly string[];

  /** @param what what the names stand for, as errors call it */
  constructor(what: string, entries: Iterable<readonly [name: string, value: T]>) {
    const list = [...entries];
    this.#what = what;
    this.#names = list.map(([name]) => name);
    this.#byName = new Map(list.map(([name, value]) => [plain(name), value]));
  }

  /** @throws FieldOutOfRange with the nearest name */
  get(name: string): T {
    const found = this.#byName.get(plain(name));
    if (found !== undefined) return found;
    const near = nearest(plain(name), this.#names.map(plain));
    const suggested = this.#names.find((candidate) => plain(candidate) === near);
    const legal = this.#names.length > 12 ? `the ${this.#names.length} known names` : `{${this.#names.join(", ")}}`;
    throw new FieldOutOfRange(
      this.#what,
      name,
      suggested === undefined ? legal : `${legal}; did you mean ${suggested}?`,
    );
  }
}
