/**
 * Reads a target trace from CSV text: a header that names the units, then one sample per line.
 *
 *   # any number of comment lines
 *   time_us,membrane_v
 *   0.00,0.4312
 *
 * Columns, in any order: `time_us` (microseconds from the start of the protocol), and either `membrane_v` or `v` (volt)
 * or `membrane_lsb` or `lsb` (MADC counts, 0..1023). Decimal point, comma between columns. Text in, arrays out; no file
 * is opened here.
 */
import { TargetInvalid } from "../errors.js";
import { checkTrace, type TraceRules, type TraceTarget, type TraceUnit } from "./trace.js";

const valueColumns: Readonly<Record<string, TraceUnit>> = {
  membrane_v: "v",
  v: "v",
  membrane_lsb: "lsb",
  lsb: "lsb",
};
const legalHeader = "time_us,membrane_v or time_us,membrane_lsb";

/**
 * Parse and check a target.
 * @param source the file's name, for messages
 * @throws TargetInvalid with line number, value and what is legal
 */
export function parseTargetCsv(text: string, source: string, rules: TraceRules): TraceTarget {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const headerLine = lines.findIndex((line) => isContent(line));
  if (headerLine < 0) throw new TargetInvalid(source, undefined, "text", "empty", `a header ${legalHeader}`);
  const { timeColumn, valueColumn, unit, width } = parseHeader(lines[headerLine] as string, source, headerLine + 1);
  const timeUs: number[] = [];
  const values: number[] = [];
  const lineOf: number[] = [];
  for (let i = headerLine + 1; i < lines.length; i++) {
    const line = lines[i] as string;
    if (!isContent(line)) continue;
    const cells = line.split(",");
    if (cells.length !== width) {
      throw new TargetInvalid(source, `line ${i + 1}`, "number of columns", String(cells.length), String(width));
    }
    timeUs.push(parseNumber(cells[timeColumn] as string, source, i + 1, "time_us"));
    values.push(parseNumber(cells[valueColumn] as string, source, i + 1, "membrane"));
    lineOf.push(i + 1);
  }
  const target: TraceTarget = {
    kind: "trace",
    source,
    timeUs: Float64Array.from(timeUs),
    values: Float64Array.from(values),
    unit,
  };
  checkTrace(target, rules, (index) => `line ${lineOf[index]}`);
  return target;
}

function isContent(line: string): boolean {
  const text = line.trim();
  return text !== "" && !text.startsWith("#");
}

function parseHeader(
  line: string,
  source: string,
  lineNumber: number,
): { timeColumn: number; valueColumn: number; unit: TraceUnit; width: number } {
  const fail = (value: string): never => {
    throw new TargetInvalid(source, `line ${lineNumber}`, "header", value, legalHeader);
  };
  const names = line.split(",").map((cell) => cell.trim().toLowerCase());
  let timeColumn = -1;
  let valueColumn = -1;
  let unit: TraceUnit = "v";
  for (const [column, name] of names.entries()) {
    const named = Object.hasOwn(valueColumns, name) ? valueColumns[name] : undefined;
    if (name === "time_us" && timeColumn < 0) timeColumn = column;
    else if (named !== undefined && valueColumn < 0) {
      valueColumn = column;
      unit = named;
    } else fail(`"${line.trim()}" (column "${name}" is not known, or there twice)`);
  }
  if (timeColumn < 0 || valueColumn < 0) fail(`"${line.trim()}"`);
  return { timeColumn, valueColumn, unit, width: names.length };
}

function parseNumber(cell: string, source: string, lineNumber: number, column: string): number {
  const text = cell.trim();
  const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(number)) {
    throw new TargetInvalid(source, `line ${lineNumber}`, column, text === "" ? "missing" : `"${text}"`, "a number");
  }
  return number;
}
