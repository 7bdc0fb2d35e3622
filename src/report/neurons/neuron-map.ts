/** The chip as a map of its 512 neurons, each a cell whose colour says how its calibration went. */
import type { NeuronResult, NeuronsResult } from "../../calib/amortised/neurons-result.js";
import { lightPalette } from "../svg/palette.js";
import { Sheet } from "../svg/sheet.js";

const columns = 64;
const rowsPerHalf = 4;
const cell = { width: 13, height: 18 };
const palette = lightPalette;
const colours: Readonly<Record<NeuronResult["status"], string>> = {
  good: palette.validation,
  doubtful: palette.repeat,
  failed: palette.ink,
};

/** Rows of 64 neurons; the upper four are the chip's top half. */
export function renderNeuronMap({ neurons, task }: NeuronsResult): string {
  const [left, top] = [52, 46];
  const [width, height] = [left + columns * cell.width + 20, top + 2 * rowsPerHalf * cell.height + 52];
  const sheet = new Sheet(width, height, palette);
  sheet.rect(0, 0, width, height, { fill: palette.background });
  const byNeuron = new Map(neurons.map((result) => [result.neuron, result]));
  const counts = new Map<string, number>();
  for (const { status } of neurons) counts.set(status, (counts.get(status) ?? 0) + 1);
  sheet.text(left, 18, `Task ${task}: ${neurons.length} neurons`, { bold: true, size: 12 });
  sheet.legend(left, 34, [
    ...(["good", "doubtful", "failed"] as const).map((status) => {
      return { label: `${status} (${counts.get(status) ?? 0})`, colour: colours[status], area: true };
    }),
    { label: "not asked for", colour: palette.prior, area: true },
  ]);
  for (let neuron = 0; neuron < 2 * rowsPerHalf * columns; neuron++) {
    const row = Math.floor(neuron / columns);
    const [x, y] = [left + (neuron % columns) * cell.width, top + row * cell.height + (row >= rowsPerHalf ? 12 : 0)];
    if (neuron % columns === 0) sheet.text(left - 6, y + 13, String(neuron), { anchor: "end", size: 10 });
    const result = byNeuron.get(neuron);
    const fill = result === undefined ? palette.prior : colours[result.status];
    sheet.rect(x, y, cell.width - 2, cell.height - 2, { fill });
  }
  return sheet.toString();
}
