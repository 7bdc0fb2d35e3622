import { describe, expect, it } from "vitest";
import { parseTargetCsv } from "./csv.js";
import { type TraceRules, traceOnGrid } from "./trace.js";

const rules: TraceRules = {
  grid: { length: 5, stepUs: 2, startUs: 1 },
  scale: { voltPerLsb: 0.001, offsetVolt: 0.1 },
  maxGapUs: 2,
};
const parse = (text: string) => parseTargetCsv(text, "t.csv", rules);
const rows = (values: (string | number)[]): string => values.map((v, i) => `${i},${v}`).join("\n");
const good = [200, 200, 200, 300, 300, 300, 300, 200, 200, 200, 200];

describe("parseTargetCsv", () => {
  it("reads counts", () => {
    const target = parse(`time_us,membrane_lsb\n${rows(good)}\n`);
    expect(target.unit).toBe("lsb");
    expect([...target.timeUs]).toEqual(good.map((_, i) => i));
    expect([...target.values]).toEqual(good);
  });

  it("reads volts, comments, blank lines, swapped columns, Windows line ends and a byte order mark", () => {
    const lines = good.map((v, i) => ` ${v / 1000 + 0.1} , ${i}e0`);
    const target = parse(`\uFEFF# scope 3\r\n\r\nV,Time_us\r\n${lines.join("\r\n")}\r\n\r\n`);
    expect(target.unit).toBe("v");
    const expected = traceOnGrid(parse(`time_us,lsb\n${rows(good)}`), rules);
    for (const [i, value] of traceOnGrid(target, rules).entries()) expect(value).toBeCloseTo(expected[i] as number, 3);
  });

  it.each([
    ["nothing", "", undefined, /empty/],
    ["no header", rows(good), "line 1", /header/],
    ["milliseconds", `time_ms,membrane_v\n${rows(good)}`, "line 1", /time_ms/],
    ["millivolts", `time_us,membrane_mv\n${rows(good)}`, "line 1", /membrane_mv/],
    ["a column twice", `time_us,lsb,lsb\n${rows(good)}`, "line 1", /twice/],
    ["a name every object has", `time_us,constructor\n${rows(good)}`, "line 1", /constructor/],
    ["no membrane", `time_us\n${rows(good)}`, "line 1", /header/],
    ["semicolons", `time_us;membrane_v\n0;0.3`, "line 1", /header/],
    ["a header alone", "time_us,lsb\n", undefined, /empty/],
    ["NaN", `time_us,lsb\n${rows(good.with(3, Number.NaN))}`, "line 5", /NaN/],
    ["infinity", `time_us,lsb\n${rows([...good.slice(0, 3), "inf"])}`, "line 5", /inf/],
    ["a missing value", `time_us,lsb\n${rows([...good.slice(0, 3), ""])}`, "line 5", /missing/],
    ["a missing cell", `time_us,lsb\n0,200\n1\n2,200`, "line 3", /columns is 1/],
    ["hexadecimal", `time_us,lsb\n0,0x10`, "line 2", /0x10/],
    ["above full scale", `time_us,lsb\n${rows(good.with(4, 1024))}`, "line 6", /1024 LSB.*0\.\.1023/],
    ["below the scale in volt", `time_us,v\n0,0.05`, "line 2", /0\.05 V.*0\.100\.\.1\.123 V/],
    ["time standing still", `time_us,lsb\n0,200\n1,200\n1,200`, "line 4", /above the time before/],
    ["time running back", `time_us,lsb\n0,200\n1,200\n0.5,200`, "line 4", /above the time before/],
    ["a gap", `time_us,lsb\n0,200\n\n1,200\n4,200`, "line 5", /gap.*3\.000 us.*at most 2 us/],
    ["too short", `time_us,lsb\n${rows(good.slice(0, 6))}`, undefined, /0\.\.5 us.*0\.\.10 us/],
    ["a late start", `time_us,lsb\n3,200\n4,200`, undefined, /3\.\.4 us.*0\.\.10 us/],
  ])("refuses %s", (_, text, place, message) => {
    let caught: unknown;
    try {
      parse(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ _tag: "TargetInvalid", failure: "input", source: "t.csv", place });
    expect((caught as Error).message).toMatch(message);
  });
});
