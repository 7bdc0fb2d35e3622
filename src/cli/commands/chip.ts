/** `hxloop chip`: a chip's identity card, measured through the device, with its figures. */
import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import type { ChipCard } from "../../calib/routines/chip-card.js";
import type { DeviceIdentity } from "../../device/interface/index.js";
import { type Context, defaultDevice } from "../context.js";
import { withDevice } from "../device.js";
import { captureOption, integer, nonEmpty } from "../options.js";
import { sayingSteps } from "../progress/steps.js";

interface ChipFlags {
  readonly device?: string;
  readonly neuron: number;
  readonly out?: string;
  readonly capture?: string;
  readonly json?: true;
}

/** Neurons whose transfer curves are drawn beside the chosen one: both halves, all quadrants. */
const examples = [16, 144, 272, 400];

export function chipCommand(context: Context): Command {
  return new Command("chip")
    .description("Measure a chip's identity card: spread and defects of its neurons, transfer curves, an f-I curve.")
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option("--neuron <N>", "whose f-I curve is measured", integer("--neuron", 0, 511), 0)
    .option(
      "--out <DIR>",
      "folder for transfer-curves.svg, mismatch.svg, f-i-curve.svg (default: none are drawn)",
      nonEmpty,
    )
    .addOption(captureOption())
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText(
      "after",
      `
All that is printed is measured through the device, with the readout's own spread in it. What the chip was before is gone:
it is brought up from cold for each measurement.

Example:
  $ hxloop chip --device 'virtual:?chip=3&preset=typical' --neuron 7 --out chip3`,
    )
    .action((flags: ChipFlags) => chip(context, flags));
}

/** @throws those of the device; RunFolderUnwritable */
async function chip(context: Context, flags: ChipFlags): Promise<void> {
  const { terminal, interrupts, clock } = context;
  const { signal } = interrupts;
  const { measureChipCard } = await import("../../calib/routines/chip-card.js");
  if (flags.out !== undefined) await requireFolder(flags.out);
  const progress = sayingSteps(terminal, clock);
  const { identity, card } = await withDevice(context, flags.device ?? defaultDevice, flags.capture, async (device) => {
    const session = await device.openSession({ signal });
    try {
      return {
        identity: device.identity,
        card: await measureChipCard(session, { neuron: flags.neuron, progress, signal }),
      };
    } finally {
      await session.close();
    }
  });
  const figures = flags.out === undefined ? [] : await draw(card, flags.neuron, flags.out);
  if (flags.json) terminal.result(JSON.stringify({ schema: "hxloop.chip/1", identity, ...card, figures }));
  else terminal.result(textOf(identity, card, figures).join("\n"));
}

/** Find out now, not after minutes of measuring, that nothing can be written there. @throws RunFolderUnwritable */
async function requireFolder(folder: string): Promise<void> {
  const { onDisk } = await import("../store/durable-files.js");
  await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  });
}

async function draw(card: ChipCard, neuron: number, folder: string): Promise<string[]> {
  const { renderChipFigures } = await import("../../report/index.js");
  const { replaceFile } = await import("../store/durable-files.js");
  const files: string[] = [];
  for (const { name, svg } of renderChipFigures(card, [...new Set([neuron, ...examples])])) {
    const path = join(folder, `${name}.svg`);
    await replaceFile(path, svg);
    files.push(path);
  }
  return files;
}

function textOf({ url, boardId, bitfileInfo }: DeviceIdentity, card: ChipCard, figures: readonly string[]): string[] {
  const width = Math.max(...card.spreads.map(({ name }) => name.length));
  const broken = Object.entries(card.broken).map(([kind, neurons]) => {
    return `  ${kind.padEnd(7)}${neurons.length === 0 ? "none" : neurons.join(", ")}`;
  });
  return [
    `device    ${url}`,
    `board     ${boardId}`,
    ...bitfileInfo
      .trim()
      .split("\n")
      .map((line, k) => `${k === 0 ? "bitfile" : ""}`.padEnd(10) + line),
    "",
    "spread over the neurons that work, as measured:",
    ...card.spreads.map(({ name, unit, digits, mean, sd, min, max, values }) => {
      const [m, s, low, high] = [mean, sd, min, max].map((value) => value.toFixed(digits));
      return `  ${name.padEnd(width)}  ${m} ± ${s} ${unit}, ${low}..${high}, ${values.length} neurons`;
    }),
    "broken neurons:",
    ...broken,
    `f-I curve of neuron ${card.fiCurve.neuron} (code of i_mem_offset, kHz):`,
    ...card.fiCurve.points.map(
      ({ code, rateKhz, sdKhz }) => `  ${String(code).padStart(4)}  ${rateKhz.toFixed(1)} ± ${sdKhz.toFixed(1)}`,
    ),
    ...figures.map((path) => `figure    ${path}`),
  ];
}
