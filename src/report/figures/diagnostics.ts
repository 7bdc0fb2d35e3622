/** How far the answer may be trusted: one panel per diagnostic that the run had the data for, two panels to a figure. */
import * as Plot from "@observablehq/plot";
import type { CoverageDiagnostic, NullTest, RankDiagnostic, RunData, RunDiagnostics } from "../../calib/run-data.js";
import { fixed, percent, plural } from "../format.js";
import type { Palette } from "../svg/palette.js";
import { drawPanel, histogram } from "../svg/panel.js";
import { printable, Sheet } from "../svg/sheet.js";
import { type Figure, figureWidth } from "./figure.js";

interface DiagnosticPanel {
  readonly title: string;
  readonly labels: readonly [string, string];
  readonly marks: Plot.Markish[];
  readonly domains?: { readonly x?: readonly [number, number]; readonly y?: readonly [number, number] };
  readonly xTicks?: readonly number[];
}

const size = { width: 462, height: 270 };
/** What the misspecification test counts. */
const aside = "simulations set aside";
/** Two-sided quantile of the standard normal distribution at 99 %, and of the Kolmogorov distribution. */
const normal99 = 2.576;
const kolmogorov99 = 1.628;

export function diagnosticFigures(data: Pick<RunData, "diagnostics">, palette: Palette): Figure[] {
  const { diagnostics } = data;
  if (diagnostics === undefined) return [];
  const { calibration, local, misspecification, disagreement } = diagnostics;
  const figures: Figure[] = [];
  if (calibration !== null) {
    const { checks, sbc, gains, informationGain, expectedCoverage, tarp } = calibration;
    figures.push(
      figure(
        "ranks",
        "Ranks of the truth, and what the trace tells",
        [ranks(sbc, palette), gain(gains, informationGain, palette)],
        palette,
        `Left: ${plural(checks, "fresh emulation")} at settings distributed as the last round's; for each the rank of its true code among draws of its posterior. Drawn is the share of ranks below a level minus the level: 0 everywhere when the posterior is right, a hump above 0 when it lies too high, an S when it is too wide or too narrow. Band: where 99 % of such curves stay as a whole. Right: what each emulation told of its codes, log2 of posterior over prior at the true codes, in bits per code; the dashed line is the mean, ${fixed(informationGain, 2)} bits. ${told(diagnostics, "ranks (SBC)")}`,
      ),
      figure(
        "coverage",
        "Coverage",
        [
          coverage("regions of highest density", expectedCoverage, palette),
          coverage("balls around random points (TARP)", tarp, palette),
        ],
        palette,
        `Share of the same emulations whose true codes lie inside a region of the posterior, against the mass that the region claims to hold. On the diagonal: as sure as it ought to be; below it: too sure. Bands: 99 % at each level by itself. ${told(diagnostics, "expected coverage")} ${told(diagnostics, "TARP")}`,
      ),
    );
  }
  const atTarget = [
    ...(local === null
      ? []
      : [
          nullPanel(
            "L-C2ST at the target",
            "mean squared confidence of the classifier",
            "classifiers on shuffled labels",
            local,
            palette,
          ),
        ]),
    ...(disagreement === null ? [] : [members(disagreement, palette)]),
  ];
  if (atTarget.length > 0) {
    figures.push(
      figure(
        "at-the-target",
        "At the target",
        atTarget,
        palette,
        `L-C2ST: how well a classifier tells draws of the posterior from true codes near the target (line), against classifiers that were trained on shuffled labels (bars): right of all bars, draws and truths differ. Ensemble: bits between each member's posterior and that of all; members that were trained on enough simulations say the same. ${told(diagnostics, "L-C2ST at the target")} ${told(diagnostics, "ensemble")}`,
      ),
    );
  }
  if (misspecification !== null) {
    const { mmd, logDensity } = misspecification;
    const panels = [
      nullPanel("distance to all simulations (MMD)", "squared MMD, up to a constant", aside, mmd, palette),
      nullPanel("density of simulations around it", "log-density by the fifth neighbour", aside, logDensity, palette),
    ];
    figures.push(
      figure(
        "misspecification",
        "Is the target like the simulations?",
        panels,
        palette,
        `The target (line) and simulations that were set aside (bars), both held against the other simulations of the first round, in the features that the posterior sees. A target far to the right of the bars on the left panel, or far to the left on the right one, is nothing that this neuron does at any codes, and its posterior extrapolates. ${told(diagnostics, "misspecification")}`,
      ),
    );
  }
  return figures;
}

function told({ verdicts }: RunDiagnostics, name: string): string {
  const verdict = verdicts.find((candidate) => candidate.name === name);
  if (verdict === undefined) return "";
  const alarm = verdict.falseAlarmRate > 0 ? `; false alarm in ${percent(verdict.falseAlarmRate)}` : "";
  return `${verdict.passed ? "Passed" : "NOT PASSED"}: ${verdict.text}${alarm}.`;
}

function figure(
  name: string,
  title: string,
  panels: readonly DiagnosticPanel[],
  palette: Palette,
  caption: string,
): Figure {
  const sheet = new Sheet(figureWidth, size.height + 8, palette);
  panels.forEach((panel, k) => {
    drawPanel(sheet, { x: 4 + k * (size.width + 24), y: 4, ...size, ...panel }, panel.marks);
  });
  return { name: `diagnostic-${name}`, title, caption: caption.trim(), svg: sheet.toString() };
}

/** Lines of several parameters, apart in colour and in dash. */
const strokes = (palette: Palette): readonly string[] => [
  palette.draw,
  palette.repeat,
  palette.test,
  palette.validation,
];
const dashes = ["none", "6 3", "2 2"];

function ranks(checks: readonly RankDiagnostic[], palette: Palette): DiagnosticPanel {
  const count = checks[0]?.ranks.length ?? 1;
  const edge = kolmogorov99 / Math.sqrt(count);
  const colours = strokes(palette);
  const lines = checks.flatMap(({ name, ranks: own }, k) => {
    const sorted = [...own].sort((a, b) => a - b);
    const steps = [[0, 0] as const, ...sorted.map((u, i) => [u, (i + 1) / count - u] as const), [1, 0] as const];
    const stroke = colours[k % colours.length] ?? palette.ink;
    const [x, y] = steps[Math.round(((k + 1) * steps.length) / (checks.length + 1))] ?? [0, 0];
    return [
      Plot.line(steps as unknown as [number, number][], {
        stroke,
        strokeWidth: 1.5,
        strokeDasharray: dashes[Math.floor(k / colours.length)] ?? "none",
      }),
      Plot.text([[x, y]], {
        text: [printable(name)],
        fill: stroke,
        dy: -8,
        fontWeight: 600,
        stroke: palette.background,
        strokeWidth: 3,
      }),
    ];
  });
  const worst = Math.max(edge, ...checks.flatMap(({ ranks: own }) => differences(own)));
  return {
    title: "ranks of the true codes (SBC)",
    labels: ["level", "share of ranks below it, minus it"],
    domains: { x: [0, 1], y: [-1.15 * worst, 1.15 * worst] },
    marks: [
      Plot.rect([0], { x1: 0, x2: 1, y1: -edge, y2: edge, fill: palette.prior }),
      Plot.ruleY([0], { stroke: palette.muted }),
      ...lines,
    ],
  };
}

function differences(ranks: readonly number[]): number[] {
  return [...ranks].sort((a, b) => a - b).map((u, i) => Math.abs((i + 1) / ranks.length - u));
}

function gain(gains: readonly number[], mean: number, palette: Palette): DiagnosticPanel {
  return {
    title: `information: ${fixed(mean, 2)} bits per code`,
    labels: ["bits per code", "emulations"],
    marks: [...histogram(gains, 20, palette.draw), Plot.ruleX([mean], { stroke: palette.ink, strokeDasharray: "5 3" })],
  };
}

function coverage(
  title: string,
  { levels, coverage: shares, ranks: own, error }: CoverageDiagnostic,
  palette: Palette,
): DiagnosticPanel {
  const at = Array.from({ length: 101 }, (_, i) => i / 100);
  const edge = (level: number): number => normal99 * Math.sqrt((level * (1 - level)) / own.length);
  const points = levels.map((level, i) => [level, shares[i] ?? 0] as [number, number]);
  return {
    title: `${title}: mean error ${fixed(100 * error, 1)} points`,
    labels: ["mass that the region claims", "share of true codes inside"],
    domains: { x: [0, 1], y: [0, 1] },
    marks: [
      Plot.areaY(at, {
        x: (v: number) => v,
        y1: (v: number) => v - edge(v),
        y2: (v: number) => v + edge(v),
        fill: palette.prior,
        clip: true,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: palette.muted },
      ),
      Plot.line(points, { stroke: palette.draw, strokeWidth: 1.8 }),
      Plot.dot(points, { fill: palette.draw, r: 2.5 }),
    ],
  };
}

function nullPanel(
  title: string,
  label: string,
  counted: string,
  { statistic, nulls, pValue }: NullTest,
  palette: Palette,
): DiagnosticPanel {
  return {
    title: `${title}: p = ${fixed(pValue, pValue < 0.1 ? 3 : 2)}`,
    labels: [label, counted],
    marks: [
      ...histogram(nulls, 20, palette.muted),
      Plot.ruleX([statistic], { stroke: palette.repeat, strokeWidth: 2 }),
    ],
  };
}

function members(
  { divergence, limit, perMember }: NonNullable<RunDiagnostics["disagreement"]>,
  palette: Palette,
): DiagnosticPanel {
  const bars = perMember.map((bits, k) => ({ at: k + 1, bits }));
  return {
    title: `ensemble: ${fixed(divergence, 3)} of at most ${fixed(limit, 2)} bits`,
    labels: ["member", "bits from the ensemble"],
    xTicks: bars.map(({ at }) => at),
    domains: { x: [0.4, perMember.length + 0.6], y: [0, Math.max(0.15 * limit, ...perMember) * 1.2] },
    marks: [
      Plot.rect(bars, {
        x1: (bar: { at: number }) => bar.at - 0.3,
        x2: (bar: { at: number }) => bar.at + 0.3,
        y1: 0,
        y2: "bits",
        fill: palette.draw,
        fillOpacity: 0.6,
      }),
      Plot.ruleY([0.15 * limit], { stroke: palette.ink, strokeDasharray: "5 3" }),
    ],
  };
}
