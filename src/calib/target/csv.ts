/**
 * Reads a target trace from CSV text: a header that names the units, then one sample per line.
 *
 *   # any number of comment lines
 *   time_us,membrane_v
 *   0.00,0.4312
 *
 * Columns, in any order: `time_us` (microseconds from the start of the protocol), and either `membrane_v` or `v` (volt)
 * or `membrane_lsb` or `lsb` (MADC counts, 0..1023). Decimal point, comma between columns; names may stand in quotes.
 * Recordings that are mapped to the chip (`sampled.ts`) may also give `time_s` or `time_ms`, and `membrane_mv` or `mv`.
 * A line `# note: ...` is kept and told to whoever reads the result. Text in, arrays out; no file is opened here.
 */
import { TargetInvalid } from "../errors.js";
import type { SampledRecording } from "./sampled.js";
import { checkTrace, type TraceRules, type TraceTarget, type TraceUnit } from "./trace.js";

const valueColumns: Readonly<Record<string, TraceUnit>> = {
  membrane_v: "v",
  v: "v",
  membrane_lsb: "lsb",
  lsb: "lsb",
};
const legalHeader = "time_us,membrane_v or time_us,membrane_lsb";
/** Columns of recordings in units of their own, and the factor to seconds and volts. */
const timeFactors: Readonly<Record<string, number>> = { time_s: 1, time_ms: 1e-3, time_us: 1e-6 };
const voltFactors: Readonly<Record<string, number>> = { membrane_v: 1, v: 1, membrane_mv: 1e-3, mv: 1e-3 };
const noteMark = "# note: ";

/**
 * Parse and check a target.
 * @param source the file's name, for messages
 * @throws TargetInvalid with line number, value and what is legal
 */
export function parseTargetCsv(text: string, source: string, rules: TraceRules): TraceTarget {
  const table = parseTable(text, source, { time_us: 1 }, valueColumns, legalHeader);
  const notes = table.lines.flatMap((line) => (line.startsWith(noteMark) ? [line.slice(noteMark.length)] : []));
  const target: TraceTarget = {
    kind: "trace",
    source,
    timeUs: Float64Array.from(table.times),
    values: Float64Array.from(table.values),
    unit: table.valueColumn,
    ...(notes.length === 0 ? {} : { notes }),
  };
  checkTrace(target, rules, (index) => `line ${table.lineOf[index]}`);
  return target;
}

/** A recording in seconds and volts of its own world. @throws TargetInvalid with line number, value and what is legal */
export function parseRecordingCsv(text: string, source: string): SampledRecording {
  const legal = "time_s, time_ms or time_us, and membrane_v or membrane_mv";
  const table = parseTable(text, source, timeFactors, voltFactors, legal);
  const seconds = Float64Array.from(table.times, (time) => time * table.timeColumn);
  const late = seconds.findIndex((s, i) => i > 0 && s <= (seconds[i - 1] as number));
  if (late > 0) {
    throw new TargetInvalid(
      source,
      `line ${table.lineOf[late]}`,
      "time",
      String(table.times[late]),
      "above the time before it",
    );
  }
  return { source, seconds, volts: Float64Array.from(table.values, (value) => value * table.valueColumn) };
}

/** A target as text that `parseTargetCsv` reads back as it is, with its notes. */
export function targetCsv({ timeUs, values, unit, notes = [] }: TraceTarget): string {
  const rows = Array.from(timeUs, (time, i) => `${time},${values[i]}`);
  return [...notes.map((note) => `${noteMark}${note}`), `time_us,membrane_${unit}`, ...rows, ""].join("\n");
}

interface Table<T, V> {
  readonly lines: readonly string[];
  readonly times: number[];
  readonly values: number[];
  readonly lineOf: number[];
  readonly timeColumn: T;
  readonly valueColumn: V;
}

function parseTable<T, V>(
  text: string,
  source: string,
  timeColumns: Readonly<Record<string, T>>,
  membraneColumns: Readonly<Record<string, V>>,
  legal: string,
): Table<T, V> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const headerLine = lines.findIndex((line) => isContent(line));
  if (headerLine < 0) throw new TargetInvalid(source, undefined, "text", "empty", `a header ${legal}`);
  const header = parseHeader(lines[headerLine] as string, source, headerLine + 1, timeColumns, membraneColumns, legal);
  const table: Table<T, V> = { lines, times: [], values: [], lineOf: [], ...header };
  for (let i = headerLine + 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (!isContent(line)) continue;
    const cells = line.split(",");
    if (cells.length !== header.width) {
      throw new TargetInvalid(source, `line ${i + 1}`, "number of columns", String(cells.length), String(header.width));
    }
    table.times.push(parseNumber(cells[header.timeAt] as string, source, i + 1, "time"));
    table.values.push(parseNumber(cells[header.valueAt] as string, source, i + 1, "membrane"));
    table.lineOf.push(i + 1);
  }
  return table;
}

function isContent(line: string): boolean {
  const text = line.trim();
  return text !== "" && !text.startsWith("#");
}

function parseHeader<T, V>(
  line: string,
  source: string,
  lineNumber: number,
  timeColumns: Readonly<Record<string, T>>,
  membraneColumns: Readonly<Record<string, V>>,
  legal: string,
): { timeAt: number; valueAt: number; timeColumn: T; valueColumn: V; width: number } {
  const fail = (value: string): never => {
    throw new TargetInvalid(source, `line ${lineNumber}`, "header", value, legal);
  };
  if (line.includes(";")) fail(`"${line.trim()}"; columns are parted by commas, and numbers have a decimal point`);
  const names = line.split(",").map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim()
      .toLowerCase(),
  );
  let time: { at: number; column: T } | undefined;
  let value: { at: number; column: V } | undefined;
  for (const [at, name] of names.entries()) {
    if (Object.hasOwn(timeColumns, name) && time === undefined) time = { at, column: timeColumns[name] as T };
    else if (Object.hasOwn(membraneColumns, name) && value === undefined) {
      value = { at, column: membraneColumns[name] as V };
    } else fail(`"${line.trim()}" (column "${name}" is not known, or there twice)${hintFor(name)}`);
  }
  if (time === undefined || value === undefined) return fail(`"${line.trim()}"`);
  return {
    timeAt: time.at,
    valueAt: value.at,
    timeColumn: time.column,
    valueColumn: value.column,
    width: names.length,
  };
}

/** What somebody may have meant whose column has the unit of another world. */
function hintFor(name: string): string {
  const isMapped = Object.hasOwn(timeFactors, name) || Object.hasOwn(voltFactors, name);
  return isMapped ? "; a recording of a biological neuron needs --biological" : "";
}

function parseNumber(cell: string, source: string, lineNumber: number, column: string): number {
  const text = cell.trim();
  const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) {
    throw new TargetInvalid(source, `line ${lineNumber}`, column, text === "" ? "missing" : `"${text}"`, "a number");
  }
  return number;
}
