/**
 * Regions of the base space to which proposals are truncated. A region is a test; truncated proposals are the prior
 * restricted to all regions so far, drawn exactly, so that the plain likelihood loss stays valid on every simulation that
 * lies in them. Source: Deistler, Goncalves, Macke, "Truncated proposals for scalable and hassle-free simulation-based
 * inference", NeurIPS 2022.
 */
import type { Rng } from "../../base/rng.js";
import type { Classifier } from "../diagnostics/classifier.js";
import type { Ensemble } from "./ensemble.js";
import { DrawBudgetExhausted } from "./errors.js";
import { quantileSorted } from "./features.js";
import { normalCdf, normalQuantile } from "./normal.js";

export interface Region {
  /** @param z shape (n, d) @returns 1 where a row is inside, shape (n) */
  contains(z: Float64Array): Uint8Array;
}

/** Where log q(z | xObs) exceeds a threshold. */
export class DensityRegion implements Region {
  readonly #ensemble: Ensemble;
  readonly #xObs: Float32Array;
  readonly threshold: number;

  constructor(ensemble: Ensemble, xObs: Float32Array, threshold: number) {
    this.#ensemble = ensemble;
    this.#xObs = xObs;
    this.threshold = threshold;
  }

  contains(z: Float64Array): Uint8Array {
    if (z.length === 0) return new Uint8Array(0);
    return Uint8Array.from(this.#ensemble.logProb(z, this.#xObs), (v) => (v > this.threshold ? 1 : 0));
  }
}

/** Where a classifier gives simulations a fair chance to be usable. */
export class ValidRegion implements Region {
  readonly #classifier: Classifier;
  readonly #threshold: number;

  constructor(classifier: Classifier, threshold: number) {
    this.#classifier = classifier;
    this.#threshold = threshold;
  }

  contains(z: Float64Array): Uint8Array {
    if (z.length === 0) return new Uint8Array(0);
    return Uint8Array.from(this.#classifier.logits(Float32Array.from(z)), (v) => (v > this.#threshold ? 1 : 0));
  }
}

interface Box {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Margin of a box on each side, in its width; and points per parameter that a box is made from. */
const margin = 0.15;
const pointsPerParameter = 250;
/** Beyond this the prior has no mass worth a draw. */
const farthest = 8;

/** A union of boxes around points; the prior restricted to it can be drawn without rejection of more than overlaps. */
export class BoxRegion implements Region {
  readonly #boxes: readonly Box[];
  readonly #d: number;
  /** Prior mass up to each box, ending at their sum. */
  readonly #cumulative: Float64Array;

  /** @param points shape (n, d), inside of what is to be covered */
  constructor(points: Float64Array, d: number) {
    this.#d = d;
    const rows = Uint32Array.from({ length: points.length / d }, (_, i) => i);
    this.#boxes = boxesAround(points, d, rows);
    let sum = 0;
    this.#cumulative = Float64Array.from(this.#boxes, ({ low, high }) => {
      sum += low.reduce((mass, from, j) => mass * (normalCdf(high[j] as number) - normalCdf(from)), 1);
      return sum;
    });
  }

  contains(z: Float64Array): Uint8Array {
    return Uint8Array.from({ length: z.length / this.#d }, (_, i) => (this.#covers(z, i) > 0 ? 1 : 0));
  }

  /** A draw of the prior inside one of the boxes, each box by its mass. */
  draw(rng: Rng, z: Float64Array, at: number): void {
    const total = this.#cumulative[this.#cumulative.length - 1] as number;
    const target = rng.uniform() * total;
    const index = this.#cumulative.findIndex((c) => c >= target);
    const { low, high } = this.#boxes[Math.max(0, index)] as Box;
    for (let j = 0; j < this.#d; j++) {
      const [from, to] = [normalCdf(low[j] as number), normalCdf(high[j] as number)];
      z[at + j] = normalQuantile(Math.min(1 - 1e-16, Math.max(1e-16, from + (to - from) * rng.uniform())));
    }
  }

  /** Keep a draw with the probability that undoes overlaps. */
  keeps(z: Float64Array, row: number, rng: Rng): boolean {
    const covers = this.#covers(z, row);
    return covers > 0 && (covers === 1 || rng.uniform() * covers < 1);
  }

  #covers(z: Float64Array, row: number): number {
    const at = row * this.#d;
    let covers = 0;
    for (const { low, high } of this.#boxes) {
      let inside = true;
      for (let j = 0; j < this.#d && inside; j++) {
        const v = z[at + j] as number;
        inside = v >= (low[j] as number) && v <= (high[j] as number);
      }
      if (inside) covers++;
    }
    return covers;
  }
}

/** Split at the median of the widest parameter until boxes have few points. */
function boxesAround(points: Float64Array, d: number, rows: Uint32Array): Box[] {
  const columns = Array.from({ length: d }, (_, j) =>
    Float64Array.from(rows, (r) => points[r * d + j] as number).sort(),
  );
  if (rows.length >= 2 * pointsPerParameter * d) {
    const spreads = columns.map((c) => quantileSorted(c, 0.9) - quantileSorted(c, 0.1));
    const widest = spreads.indexOf(Math.max(...spreads));
    const middle = quantileSorted(columns[widest] as Float64Array, 0.5);
    const left = rows.filter((r) => (points[r * d + widest] as number) <= middle);
    const right = rows.filter((r) => (points[r * d + widest] as number) > middle);
    if (left.length > 1 && right.length > 1) return [...boxesAround(points, d, left), ...boxesAround(points, d, right)];
  }
  const low = new Float64Array(d);
  const high = new Float64Array(d);
  columns.forEach((c, j) => {
    const [from, to] = [c[0] as number, c[c.length - 1] as number];
    const room = margin * (to - from) + 1e-3;
    low[j] = Math.max(-farthest, from - room);
    high[j] = Math.min(farthest, to + room);
  });
  return [{ low, high }];
}

export interface TruncatedDraws {
  /** Shape (count, d). */
  readonly z: Float64Array;
  /** Accepted share of the draws. */
  readonly acceptanceRate: number;
}

/**
 * Draw the prior restricted to all regions.
 * @param snap moves a draw to where it will be judged, for example the middle of an integer's bin
 * @throws DrawBudgetExhausted after `budget` draws
 */
export function drawTruncated(
  d: number,
  regions: readonly Region[],
  count: number,
  rng: Rng,
  options: { readonly budget: number; readonly snap: (z: Float64Array) => Float64Array },
): TruncatedDraws {
  const boxes = regions.filter((region) => region instanceof BoxRegion).at(-1);
  const kept = new Float64Array(count * d);
  let accepted = 0;
  let drawn = 0;
  let within = 0;
  while (accepted < count) {
    if (drawn >= options.budget) {
      throw new DrawBudgetExhausted(
        "truncated proposal",
        count,
        accepted,
        drawn,
        "the last round's posterior is far narrower than what its boxes cover: use fewer rounds, scheme snpe-c, or a larger drawBudget",
      );
    }
    const rate = Math.max(0.005, drawn === 0 ? 0.3 : accepted / drawn);
    const size = Math.min(
      options.budget - drawn,
      Math.max(256, Math.min(20_000, Math.ceil((1.1 * (count - accepted)) / rate))),
    );
    const raw = new Float64Array(size * d);
    for (let i = 0; i < size; i++) {
      if (boxes === undefined) for (let j = 0; j < d; j++) raw[i * d + j] = rng.normal();
      else boxes.draw(rng, raw, i * d);
    }
    let z = options.snap(raw);
    drawn += size;
    if (boxes !== undefined) z = pick(z, d, (row) => boxes.keeps(z, row, rng));
    for (const region of regions) {
      if (region === boxes) continue;
      const inside = region.contains(z);
      z = pick(z, d, (row) => inside[row] === 1);
    }
    const take = Math.min(count - accepted, z.length / d);
    kept.set(z.subarray(0, take * d), accepted * d);
    within += z.length / d;
    accepted += take;
  }
  return { z: kept, acceptanceRate: within / drawn };
}

function pick(z: Float64Array, d: number, keep: (row: number) => boolean): Float64Array {
  const out = new Float64Array(z.length);
  let rows = 0;
  for (let row = 0; row < z.length / d; row++) {
    if (!keep(row)) continue;
    out.set(z.subarray(row * d, (row + 1) * d), rows * d);
    rows++;
  }
  return out.slice(0, rows * d);
}
