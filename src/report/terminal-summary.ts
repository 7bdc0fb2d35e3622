/** The result on a terminal: plain text, at most 100 columns, without colour and without anything that moves a cursor. */
import type { RunData } from "../calib/run-data.js";
import { align, duration, fixed, percent, roundsText } from "./format.js";
import { printable } from "./svg/sheet.js";

const widest = 100;

/** Lines without a newline at the end; where the run was kept is the caller's to say. */
export function renderTerminalSummary(data: RunData): string {
  const { facts, target, predictive, summary } = data;
  const rows = summary.map(({ name, truth, mean, sd, q05, q95, prior: [min, max] }) => [
    shorten(printable(name), 32),
    truth === null ? "unknown" : fixed(truth),
    fixed(mean, 1),
    fixed(sd, 1),
    `${fixed(q05)} to ${fixed(q95)}`,
    percent((q95 - q05) / (max - min)),
  ]);
  const table = align([["parameter", "truth", "mean", "sd", "90 % interval", "of the prior"], ...rows]);
  const { distance, noiseFloor } = predictive;
  const { record, train, total } = facts.seconds;
  const lines = [
    `Neuron ${facts.neuron} of ${printable(facts.device.url)}, target ${printable(target.source)}`,
    "",
    ...table.map((line) => `  ${line}`),
    "",
    `DAC codes, CapMem LSB. Distance of emulated draws to the target ${fixed(distance, 2)}, of repeats ${fixed(noiseFloor, 2)}:`,
    `ratio ${fixed(distance / noiseFloor, 2)} (1 = as near to the target as the chip is to itself).`,
    `Recording ${duration(record)}, training ${duration(train)}, in all ${duration(total)}; ${roundsText(facts)}.`,
  ];
  return lines.map((line) => shorten(line.trimEnd(), widest)).join("\n");
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
