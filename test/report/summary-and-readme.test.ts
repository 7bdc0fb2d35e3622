import { describe, expect, it } from "vitest";
import { posteriorFigureForReadme, renderTerminalSummary } from "../../src/report/index.js";
import { parameterNames, syntheticRun } from "./support/synthetic-run.js";

describe("the summary on a terminal", () => {
  it("has one aligned row per parameter", () => {
    const lines = renderTerminalSummary(syntheticRun({ numParameters: 7 })).split("\n");
    const rows = lines.filter((line) => parameterNames.some((name) => line.startsWith(`  ${name} `)));
    expect(rows).toHaveLength(7);
    const header = lines.find((line) => line.includes("90 % interval"));
    for (const row of rows) expect(row.length).toBe(header?.length);
    expect(rows[0]).toMatch(/^ {2}v_reset +520 +\d+\.\d +\d+\.\d +\d+ to \d+ +[\d.]+ %$/);
  });

  it("states distance against floor, and times", () => {
    const text = renderTerminalSummary(syntheticRun());
    expect(text).toContain("Distance of emulated draws to the target 1.31, of repeats 1.02");
    expect(text).toContain("ratio 1.28");
    expect(text).toContain("Recording 31.4 s, training 1 min 35 s, in all 2 min 22 s");
  });

  it("says so when the truth is not known", () => {
    expect(renderTerminalSummary(syntheticRun({ knowsTruth: false }))).toMatch(/v_reset +unknown /);
  });

  it("is at most 100 wide and moves no cursor, whatever the file is called", () => {
    const source = `\u001b[2J\r\n${"long ".repeat(60)}.csv`;
    const text = renderTerminalSummary(syntheticRun({ source, numParameters: 7 }));
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\r");
  });
});

describe("the README's figure", () => {
  it("stands alone: own namespace, own background, own colours, no style sheet", () => {
    const svg = posteriorFigureForReadme(syntheticRun());
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toMatch(/^<svg[^>]*><rect [^>]*fill="#ffffff"/);
    expect(svg).not.toMatch(/var\(|<style|class=|NaN/);
    expect(svg.length).toBeLessThan(120_000);
  });

  it("shows the posterior over the prior, repeats and draws, and their distances", () => {
    const svg = posteriorFigureForReadme(syntheticRun());
    for (const text of [
      "prior’s range",
      "posterior draw 3",
      "repeat 2 at the target’s codes",
      "Distance of draws 1.31",
    ]) {
      expect(svg).toContain(text);
    }
    expect(posteriorFigureForReadme(syntheticRun({ knowsTruth: false }))).toContain(
      "repeat 1 at the posterior’s median",
    );
  });
});
