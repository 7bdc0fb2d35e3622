/** Numbers and settings as people read them. What is not finite becomes a dash, never `NaN`. */
import type { ParameterSpec, RunFacts } from "../calib/run-data.js";

const unknown = "–";

export function fixed(value: number | null, digits = 0): string {
  if (value === null || !Number.isFinite(value)) return unknown;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** Three significant digits without an exponent where that is readable. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return unknown;
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/** @param share 1 = 100 % */
export function percent(share: number): string {
  const digits = Math.abs(share) < 0.0995 ? 1 : 0;
  return Number.isFinite(share) ? `${fixed(100 * share, digits)} %` : unknown;
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return unknown;
  if (seconds < 59.95) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const minutes = `${Math.floor(whole / 60) % 60} min ${pad(whole % 60)} s`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)} h ${minutes}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a, b and c` */
export function listing(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** `v_reset 512`, one text per parameter. @param row row of `theta`, shape (count, parameters.length) */
export function codesOf(parameters: readonly ParameterSpec[], theta: Int32Array, row: number): string[] {
  return parameters.map(({ name }, j) => `${name} ${theta[row * parameters.length + j]}`);
}

/** Texts joined by commas into as few lines as `columns` characters allow. */
export function wrap(items: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 2 + item.length > columns) lines.push(item);
    else lines[lines.length - 1] = `${last}, ${item}`;
  }
  return lines;
}

/** Columns of equal width; the first to the left, the others to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, j) => Math.max(...rows.map((row) => row[j]?.length ?? 0)));
  return rows.map((row) =>
    row.map((text, j) => (j === 0 ? text.padEnd(widths[j] ?? 0) : text.padStart(widths[j] ?? 0))).join("   "),
  );
}

/** What was recorded to learn from: a run may end before its last round. */
export function roundsText({ simulations, rounds, perRound }: RunFacts): string {
  const plural = (count: number): string => `${count} ${count === 1 ? "round" : "rounds"}`;
  const done = perRound.reduce((sum, { requested }) => sum + requested, 0);
  if (perRound.length >= rounds) return `${simulations} emulations in ${plural(rounds)}`;
  return `${done} emulations in ${plural(perRound.length)} (of ${simulations} in ${rounds} that were asked for)`;
}
