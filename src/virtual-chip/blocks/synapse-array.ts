/**
 * The synapses of both halves: which columns a row's event reaches, and how strongly. Rows are read anew from the
 * registers only after a write to them. Knows neither drivers nor neurons.
 */
import type { Rng } from "../../base/rng.js";
import {
  SynapseLabelQuad,
  SynapseQuad,
  SynapseQuadOnDls,
  SynapseWeightQuad,
  synapseColumn,
} from "../../protocol/index.js";
import { NoiseStream } from "../noise.js";
import type { Registers } from "../registers.js";

/** Rows of a half. */
export const synapseRows = 256;
const quads = 64;
const entries = [0, 1, 2, 3] as const;
/** Spread of a synapse's strength at mismatch factor 1, of the logarithm. */
const strengthSpread = 0.1;

/** A synapse that an event reaches. */
export interface SynapseTarget {
  readonly column: number;
  /** Weight 1..63, times the strength of this synapse's circuit. */
  readonly strength: number;
}

type Row = ReadonlyMap<number, readonly SynapseTarget[]>;
const nothing: readonly SynapseTarget[] = [];

export class SynapseArray {
  readonly #registers: Registers;
  readonly #variation: NoiseStream;
  readonly #spread: number;
  /** Targets by label for each row, index = 256 * half + row; undefined after a write. */
  readonly #rows: (Row | undefined)[] = [];

  /** @param mismatch factor of the imperfection knob @param onChange called after every write to a synapse */
  constructor(registers: Registers, root: Rng, mismatch: number, onChange: () => void) {
    this.#registers = registers;
    this.#variation = new NoiseStream(root.fork("synapses"));
    this.#spread = strengthSpread * mismatch;
    const forget = (at: number): void => {
      this.#rows[Math.floor(at / quads)] = undefined;
      onChange();
    };
    for (const container of [SynapseQuad, SynapseWeightQuad, SynapseLabelQuad])
      registers.hook(container, { onWrite: forget });
  }

  reset(): void {
    this.#rows.length = 0;
  }

  /** Synapses of a row that listen to a label and have a weight. @param address 6 bits */
  targets(half: number, row: number, address: number): readonly SynapseTarget[] {
    const index = synapseRows * half + row;
    const known = this.#rows[index];
    const found = known ?? this.#read(half, row);
    if (!known) this.#rows[index] = found;
    return found.get(address) ?? nothing;
  }

  #read(half: number, row: number): Row {
    const byLabel = new Map<number, SynapseTarget[]>();
    const normals = new Float64Array(entries.length);
    for (let quad = 0; quad < quads; quad++) {
      const at = SynapseQuadOnDls.of(half, row, quad);
      const words = this.#registers.words(SynapseQuad, at);
      if (words[0] === 0) continue;
      const synapses = SynapseQuad.decode(words);
      this.#variation.normals(normals, at, 0);
      for (const entry of entries) {
        const weight = synapses[`weight${entry}`];
        if (weight === 0) continue;
        const strength = weight * Math.exp(this.#spread * (normals[entry] as number));
        const label = synapses[`label${entry}`];
        const list = byLabel.get(label) ?? [];
        list.push({ column: synapseColumn(quad, entry), strength });
        byLabel.set(label, list);
      }
    }
    return byLabel;
  }
}
