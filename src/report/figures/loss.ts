/** Figure 2: did the autoencoder learn, and does what it learnt hold for traces that it has not seen? */
import * as Plot from "@observablehq/plot";
import type { LossHistory, RunData } from "../../calib/run-data.js";
import { plural, significant } from "../format.js";
import { Sheet } from "../svg/sheet.js";
import { type FigureMaker, figureWidth } from "./figure.js";

interface Curve {
  readonly name: string;
  readonly values: readonly number[];
  readonly sd?: readonly number[];
  readonly colour: string;
  readonly dash?: string;
}

const area = { left: 74, right: 150, top: 12, bottom: 48, height: 430 };

export const lossFigure: FigureMaker = (data, palette) => {
  const { history, latentSize } = data.autoencoder;
  const curves: readonly Curve[] = [
    { name: "training", values: history.train, colour: palette.muted },
    {
      name: "validation",
      values: history.validation,
      sd: history.validationSd,
      colour: palette.validation,
      dash: "6 3",
    },
    { name: "test", values: history.test, sd: history.testSd, colour: palette.test },
  ];
  const sheet = new Sheet(figureWidth, area.height, palette);
  const epochs = Math.max(0, ...curves.map(({ values }) => values.length));
  const range = lossRange(history);
  if (range === undefined)
    sheet.text(figureWidth / 2, area.height / 2, "no losses were recorded", { anchor: "middle" });
  else drawCurves(sheet, curves, epochs, range);
  return {
    name: "autoencoder-loss",
    title: "Autoencoder loss",
    caption: caption(data, epochs, latentSize),
    svg: sheet.toString(),
  };
};

function drawCurves(
  sheet: Sheet,
  curves: readonly Curve[],
  epochs: number,
  [low, high]: readonly [number, number],
): void {
  const { palette } = sheet;
  const bands = curves.flatMap(({ values, sd, colour }) => {
    const defined = values.map((_, i) => i).filter((i) => isLoss(values[i]) && Number.isFinite(sd?.[i] ?? Number.NaN));
    if (sd === undefined || defined.length === 0) return [];
    const edge = (i: number, sign: number): number =>
      clamp((values[i] as number) + sign * (sd[i] as number), low, high);
    const x = (i: number): number => i + 1;
    const [y1, y2] = [(i: number) => edge(i, -1), (i: number) => edge(i, 1)];
    const rim = { x, stroke: colour, strokeOpacity: 0.55, strokeWidth: 0.8 };
    return [
      Plot.areaY(defined, { x, y1, y2, fill: colour, fillOpacity: 0.12 }),
      Plot.lineY(defined, { ...rim, y: y1 }),
      Plot.lineY(defined, { ...rim, y: y2 }),
    ];
  });
  const lines = curves.map(({ values, colour, dash }) =>
    Plot.line(values, {
      x: (_: number, i: number) => i + 1,
      y: (value: number) => (isLoss(value) ? value : Number.NaN),
      stroke: colour,
      strokeWidth: 2,
      ...(dash === undefined ? {} : { strokeDasharray: dash }),
      // A single epoch is a point, which a line would not show.
      ...(values.length === 1 ? { marker: "dot" as const } : {}),
    }),
  );
  const tick = { tickSize: 4, color: sheet.palette.muted, label: null };
  sheet.plot(0, 0, {
    width: figureWidth,
    height: area.height,
    marginLeft: area.left,
    marginRight: area.right,
    marginTop: area.top,
    marginBottom: area.bottom,
    x: { domain: [1, Math.max(2, epochs)], axis: null },
    y: { type: "log", domain: [low, high], axis: null },
    marks: [
      Plot.gridY({ stroke: palette.rule, strokeOpacity: 0.5, ticks: decadeTicks(low, high) }),
      ...bands,
      ...lines,
      Plot.frame({ stroke: palette.rule }),
      Plot.axisX({
        ...tick,
        ticks: Math.min(10, Math.max(1, epochs - 1)),
        tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : ""),
      }),
      Plot.axisY({ ...tick, ticks: decadeTicks(low, high), tickFormat: significant }),
    ],
  });
  sheet.text((area.left + figureWidth - area.right) / 2, area.height - 8, "epoch", { anchor: "middle" });
  sheet.verticalText(
    14,
    (area.top + area.height - area.bottom) / 2,
    "mean squared error (standardised traces, log scale)",
  );
  nameCurves(sheet, curves, [low, high]);
}

/** The name and last value of each curve beside its end, moved apart where they would overlap. */
function nameCurves(sheet: Sheet, curves: readonly Curve[], [low, high]: readonly [number, number]): void {
  const bottom = area.height - area.bottom;
  const named = curves.flatMap(({ name, values, colour }) => {
    const last = values.filter(isLoss).at(-1);
    if (last === undefined) return [];
    const share = Math.log(clamp(last, low, high) / low) / Math.log(high / low);
    return { text: `${name} ${significant(last)}`, colour, y: bottom - share * (bottom - area.top) };
  });
  named.sort((a, b) => a.y - b.y);
  let floor = Number.NEGATIVE_INFINITY;
  const places = named.map(({ y }) => {
    floor = Math.max(y, floor + 15);
    return floor;
  });
  const excess = Math.max(0, floor - bottom);
  named.forEach(({ text, colour }, k) => {
    const y = (places[k] as number) - excess + 4;
    sheet.text(figureWidth - area.right + 8, y, text, { fill: colour, bold: true, size: 12 });
  });
}

function caption({ split, autoencoder }: RunData, epochs: number, latentSize: number): string {
  const sizes = `training (${split.train.length}), validation (${split.validation.length}) and test (${split.test.length} traces)`;
  return (
    `The autoencoder is shown ${autoencoder.views.length === 0 ? "the traces" : `views of a trace that survive the jitter of its spikes (${autoencoder.views.join("; ")})`}. ` +
    `Mean squared error of their reconstructions, every point in units of its own standard deviation, over ` +
    `${plural(epochs, "epoch")}, for ${sizes}; about 1 would ` +
    `be the error of always answering with the mean. The encoder hands ${latentSize} numbers to the decoder; the ` +
    `posterior is conditioned on them, on spike features, or on both, as embedding.kind of the task says. Bands: one standard deviation over the traces of the set to ` +
    `either side, cut at the edge of the axes; the logarithmic axis makes them look lopsided. At the right: the last ` +
    `value of each curve.`
  );
}

function lossRange({
  train,
  validation,
  validationSd,
  test,
  testSd,
}: LossHistory): readonly [number, number] | undefined {
  const losses = [...train, ...validation, ...test].filter(isLoss);
  if (losses.length === 0) return undefined;
  const upper = [
    ...validation.map((loss, i) => loss + (validationSd[i] ?? 0)),
    ...test.map((loss, i) => loss + (testSd[i] ?? 0)),
  ];
  const high = Math.max(...losses, ...upper.filter(isLoss));
  return [Math.min(...losses) / 2, high * 1.15];
}

/** 1, 2 and 5 of every decade; only the powers of ten when there are many decades. */
function decadeTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const digits = last - first > 4 ? [1] : [1, 2, 5];
  const decades = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  return decades
    .flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)))
    .filter((value) => value >= low && value <= high);
}

function isLoss(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value > 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
