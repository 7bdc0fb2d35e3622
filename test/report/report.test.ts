import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import type { RunData } from "../../src/calib/run-data.js";
import { renderFigures, renderReport } from "../../src/report/index.js";
import { someDiagnostics } from "../support/some-diagnostics.js";
import { syntheticRun } from "./support/synthetic-run.js";

const scale = { voltPerLsb: 1.2 / 1024, offsetVolt: 0 };
const evil = `<script>alert("x")</script>&'`;

interface Element {
  readonly tagName: string;
  readonly textContent: string;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Element[];
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

function parse(html: string): Element {
  return new DOMParser().parseFromString(html, "text/html") as unknown as Element;
}

/** Opening and closing tags of an XML text match; attributes are quoted and hold no markup. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const tag = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>/g;
  const rest = xml.replace(tag, (_, closing: string, name: string, _attributes: string, selfClosing: string) => {
    if (closing) expect(open.pop()).toBe(name);
    else if (!selfClosing) open.push(name);
    return "";
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
  expect(rest.replace(/&(amp|lt|gt|quot|#\d+);/g, "")).not.toContain("&");
}

/** Nothing that is drawn lies at a place that is no number. */
function expectFinite(markup: string): void {
  expect(markup).not.toMatch(/NaN|Infinity|undefined|\bnull\b/);
}

describe("the report of a run", () => {
  const data = syntheticRun();
  const html = renderReport(data, { scale });
  const document = parse(html);

  it("shows five figures, each with a title, a caption and named axes", () => {
    const figures = document.querySelectorAll("figure");
    expect(figures.map((figure) => figure.querySelector("h2")?.textContent)).toEqual([
      "Figure 1. Random traces of the data set",
      "Figure 2. Autoencoder loss",
      "Figure 3. Test traces and their reconstructions",
      "Figure 4. Posterior of the parameters",
      "Figure 5. Posterior predictive check",
    ]);
    const axes = [
      ["time from the start of the protocol (µs)", "membrane (MADC LSB)", "membrane (V, nominal scale)"],
      ["epoch", "mean squared error (standardised traces, log scale)"],
      ["time from the start of the protocol (µs)", "membrane and residual (MADC LSB)"],
      ["v_reset (CapMem LSB)", "i_bias_adapt_tau (CapMem LSB)"],
      [
        "time from the start of the protocol (µs)",
        "membrane (MADC LSB)",
        "distance in the embedding (standard deviations of the data set)",
      ],
    ];
    figures.forEach((figure, i) => {
      const texts = figure.querySelectorAll("svg text").map((text) => text.textContent);
      expect(texts).toEqual(expect.arrayContaining(axes[i] as string[]));
      expect(figure.querySelector("figcaption")?.textContent.length).toBeGreaterThan(100);
    });
  });

  it("draws every chosen trace, and draws it whole", () => {
    const [traces] = document.querySelectorAll("figure");
    const paths = traces?.querySelectorAll("path").map(({ attributes }) => {
      return attributes.find(({ name }) => name === "d")?.value ?? "";
    });
    const lines = paths?.filter((d) => (d.match(/L/g) ?? []).length > 100);
    expect(lines).toHaveLength(12);
  });

  it("needs no script and nothing from elsewhere", () => {
    expect(document.querySelectorAll("script, link, img, iframe, use, image")).toEqual([]);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|@import|src=|href=/);
  });

  it("states the run's facts", () => {
    const text = document.querySelector("main")?.textContent ?? "";
    for (const fact of ["virtual:?chip=1", "00c0ffee12345678", "bitfile 0x5a1e", "wasm", "20.19.4", "2 min 22 s"]) {
      expect(text).toContain(fact);
    }
    expect(text).toContain("797 usable of 800 requested");
    expect(text).toContain(data.facts.notices[0]);
  });

  it("gives the same bytes for the same data", () => {
    expect(renderReport(syntheticRun(), { scale })).toBe(html);
  });

  it("has volts only where a scale is given", () => {
    expect(renderReport(data)).not.toContain("membrane (V");
  });

  it("is readable on dark screens and prints one figure per page", () => {
    expect(html).toContain("@media screen and (prefers-color-scheme:dark)");
    expect(html).toMatch(/@media print\{[^@]*figure\{[^}]*break-before:page/);
  });
});

describe("the diagnostics of a run", () => {
  const plain = syntheticRun();
  const names = plain.parameters.map(({ name }) => name);
  const data: RunData = { ...plain, diagnostics: someDiagnostics(Rng.fromSeed(1), names) };

  it("have a panel each with named axes, and a table of verdicts with their false-alarm rates", () => {
    const html = renderReport(data);
    const document = parse(html);
    const figures = document.querySelectorAll("figure").slice(5);
    expect(figures.map((figure) => figure.querySelector("h2")?.textContent)).toEqual([
      "Figure 6. Ranks of the truth, and what the trace tells",
      "Figure 7. Coverage",
      "Figure 8. At the target",
      "Figure 9. Is the target like the simulations?",
    ]);
    const texts = figures.map((figure) => figure.querySelectorAll("svg text").map((text) => text.textContent));
    expect(texts[0]).toEqual(expect.arrayContaining(["level", "bits per code", ...names]));
    expect(texts[1]).toEqual(expect.arrayContaining(["mass that the region claims", "share of true codes inside"]));
    expect(texts[2]).toEqual(expect.arrayContaining(["L-C2ST at the target: p = 0.50", "member"]));
    expect(texts[3]).toEqual(expect.arrayContaining(["squared MMD, up to a constant"]));
    for (const { svg } of renderFigures(data).slice(5)) {
      expectFinite(svg);
      expectWellFormed(svg);
    }
    const rows = document.querySelectorAll(".verdicts tbody tr").map((row) => row.textContent);
    expect(rows[1]).toMatch(/expected coverage\s*NOT PASSED.*1\.0 %/);
    expect(rows).toHaveLength(7);
  });

  it("are left out where the run had not the data", () => {
    const { diagnostics } = data;
    const bare = { calibration: null, local: null, misspecification: null, disagreement: null, verdicts: [] };
    expect(diagnostics).toBeDefined();
    expect(renderFigures({ ...data, diagnostics: bare })).toHaveLength(5);
    expect(renderReport({ ...data, diagnostics: bare })).not.toContain('class="verdicts"');
  });
});

describe("text that came from outside", () => {
  it("stays text in the page and in the figures", () => {
    const data = syntheticRun({ source: `${evil}\u0000\u001b[2J` });
    const hostile: RunData = {
      ...data,
      parameters: data.parameters.map((parameter, j) => ({ ...parameter, name: `${evil}${j}` })),
      summary: data.summary.map((row, j) => ({ ...row, name: `${evil}${j}` })),
      facts: {
        ...data.facts,
        task: evil,
        backend: evil,
        notices: [evil],
        versions: { [evil]: evil },
        device: { url: evil, boardId: evil, bitfileInfo: evil },
      },
    };
    const html = renderReport(hostile);
    const document = parse(html);
    expect(document.querySelectorAll("script")).toEqual([]);
    expect(html).not.toContain("<script");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(html).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(document.querySelector("h1")?.textContent).toContain(evil);
    expect(document.querySelector(".notices li")?.textContent).toBe(evil);
    for (const { svg } of renderFigures(hostile)) expectWellFormed(svg);
  });
});

describe("runs of every shape", () => {
  const shapes = [1, 2, 3, 4, 5, 6, 7].flatMap((numParameters) =>
    [true, false].map((knowsTruth) => ({ numParameters, knowsTruth, dataSetCount: 13 })),
  );
  it.each(shapes)("draws $numParameters parameters, truth known: $knowsTruth", (shape) => {
    const { numParameters, knowsTruth } = shape;
    const data = syntheticRun(shape);
    for (const { svg } of renderFigures(data, { scale })) {
      expectWellFormed(svg);
      expectFinite(svg);
    }
    const html = renderReport(data, { scale });
    expectFinite(html);
    expect(html.length).toBeLessThan(1_500_000);
    const pair = parse(html).querySelector("#posterior");
    const points = pair?.querySelectorAll('g[stroke-linecap="round"] path') ?? [];
    expect(points).toHaveLength(10 * numParameters * (numParameters - 1));
    const dashed = pair?.querySelectorAll('[stroke-dasharray="5 3"]') ?? [];
    if (knowsTruth) expect(dashed.length).toBeGreaterThan(numParameters);
    else expect(dashed).toEqual([]);
    const caption = pair?.querySelector("figcaption")?.textContent;
    expect(caption).toContain(knowsTruth ? "Dashed lines: the codes that made the target" : "are not known");
  });

  it("stays small with traces of ten thousand points and many samples", () => {
    const data = syntheticRun({ numParameters: 7, gridLength: 10_000, dataSetCount: 20, posteriorCount: 10_000 });
    const html = renderReport(data);
    expect(html.length).toBeLessThan(1_500_000);
    expect(html).toContain("500 samples (the first of 10000) of the posterior");
  });

  it("breaks lines where there is no number, and marks numbers that are not there", () => {
    const data = syntheticRun({ dataSetCount: 13 });
    const nan = Number.NaN;
    const holes = (traces: Float32Array): Float32Array => traces.map((value, i) => (i % 17 === 0 ? nan : value));
    const history = data.autoencoder.history;
    const broken: RunData = {
      ...data,
      target: { ...data.target, trace: new Float32Array(data.target.trace.length).fill(nan) },
      dataSet: { ...data.dataSet, traces: holes(data.dataSet.traces) },
      draws: { ...data.draws, traces: holes(data.draws.traces) },
      autoencoder: {
        views: [],
        latentSize: 1,
        history: { ...history, test: [nan, 0, -1], testSd: [nan], validationSd: [] },
      },
      summary: data.summary.map((row) => ({ ...row, mean: nan, sd: nan, q05: nan, q95: nan, median: nan })),
      predictive: { drawDistances: [], floorDistances: [nan], distance: nan, noiseFloor: nan },
    };
    expectFinite(renderReport(broken, { scale }));
  });

  it("draws a run of which hardly anything is there", () => {
    const data = syntheticRun({ dataSetCount: 4 });
    const none = { ...data.draws, count: 0, theta: new Int32Array(0), traces: new Float32Array(0) };
    const history = { train: [], validation: [], validationSd: [], test: [], testSd: [] };
    const empty: RunData = {
      ...data,
      dataSet: none,
      draws: none,
      repeats: none,
      posterior: { count: 0, samples: new Int32Array(0) },
      reconstructions: { indices: new Uint32Array(0), traces: none.traces, reconstructed: none.traces },
      autoencoder: { views: [], latentSize: 1, history },
      facts: { ...data.facts, notices: [] },
    };
    const html = renderReport(empty, { scale });
    expectFinite(html);
    expect(html).toContain("no losses were recorded");
    expect(parse(html).querySelectorAll("figure")).toHaveLength(5);
  });

  it("draws a posterior of one single code, and a loss of one epoch", () => {
    const data = syntheticRun({ dataSetCount: 20 });
    const samples = data.posterior.samples.map((_, i) => (i % 2 === 0 ? 1022 : 0));
    const history = { train: [1], validation: [1], validationSd: [0.1], test: [1], testSd: [2] };
    const target = { ...data.target, theta: Int32Array.of(1022, 0) };
    const narrow = {
      ...data,
      target,
      posterior: { count: 500, samples },
      autoencoder: { views: [], latentSize: 1, history },
    };
    expectFinite(renderReport(narrow));
  });
});
