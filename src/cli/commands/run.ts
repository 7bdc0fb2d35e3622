/**
 * `hxloop run FILE --device URL`: run a playback program, text or words, and print what the board answers by the names
 * of the registers, with FPGA times; samples and spikes are counted, and written to CSV files when asked.
 */
import { Command } from "commander";
import { type DeviceIdentity, madcChipTimes, type RunResult } from "../../device/interface/index.js";
import type { ExpectedAnswer, LoadedProgram } from "../../device/playback/loaded-program.js";
import { formatContents } from "../../protocol/text/index.js";
import { type Context, defaultDevice } from "../context.js";
import { withDevice } from "../device.js";
import { requireWritable, standard, writePieces } from "../files.js";
import { captureOption, integer, nonEmpty } from "../options.js";
import { readProgram } from "../program-file.js";

interface RunFlags {
  readonly device?: string;
  readonly capture?: string;
  readonly anyWords?: true;
  readonly madc?: string;
  readonly spikes?: string;
  readonly timeout?: number;
  readonly json?: true;
}

const maxTimeoutMs = 86_400_000;
/** Of containers with more fields, those at their defaults are left out, as in the text form. */
const maxFieldsShown = 8;
/** Chip times of events are in units of this. */
const nsPerUnit = 4;

export function runCommand(context: Context): Command {
  return new Command("run")
    .description("Run a playback program on a device and print its answers by register name.")
    .argument(
      "<FILE>",
      "the program: text (docs/assembly.md) or words as from hxloop asm; - for standard input",
      nonEmpty,
    )
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option("--any-words", "send words that are no instruction, too (default: refuse the program)")
    .option("--madc <FILE>", "write the MADC samples: chip_time_ns,line,value", nonEmpty)
    .option("--spikes <FILE>", "write the spikes: chip_time_ns,label", nonEmpty)
    .option(
      "--timeout <MS>",
      "give up when the program has not ended after this long; 0: never (default: 60000)",
      integer("--timeout", 0, maxTimeoutMs),
    )
    .addOption(captureOption())
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExample:\n  $ hxloop run record.hxasm --device udp://192.168.4.2 --madc record.csv")
    .action((file: string, flags: RunFlags) => run(context, file, flags));
}

/** @throws FileUnreadable, ProgramFileInvalid, AssemblyInvalid, ProgramInvalid, FileUnwritable; those of the device */
async function run(context: Context, file: string, flags: RunFlags): Promise<void> {
  const { interrupts } = context;
  const { signal } = interrupts;
  const words = await readProgram(file, signal);
  const { loadProgram } = await import("../../device/playback/loaded-program.js");
  const loaded = loadProgram(words, { anyWords: flags.anyWords === true });
  for (const path of [flags.madc, flags.spikes]) if (path !== undefined) await requireWritable(path);
  const [identity, result] = await withDevice(context, flags.device ?? defaultDevice, flags.capture, async (device) => {
    const session = await device.openSession({ signal });
    try {
      const timeoutMs = flags.timeout;
      const ran = await session.run(loaded.program, { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      return [device.identity, ran] as const;
    } finally {
      await session.close();
    }
  });
  if (flags.madc !== undefined) await writePieces(flags.madc, madcCsv(result));
  if (flags.spikes !== undefined) await writePieces(flags.spikes, spikesCsv(result));
  await writePieces(standard, flags.json ? report(identity, loaded, result, flags) : listing(loaded, result));
}

function* madcCsv({ madc }: RunResult): Generator<string> {
  yield "chip_time_ns,line,value\n";
  const { channel, value } = madc;
  for (const [i, time] of madcChipTimes(madc).entries()) yield `${nsPerUnit * time},${channel[i]},${value[i]}\n`;
}

function* spikesCsv({ spikes: { chipTime, label } }: RunResult): Generator<string> {
  yield "chip_time_ns,label\n";
  for (let i = 0; i < label.length; i++) yield `${nsPerUnit * (chipTime[i] ?? 0)},${label[i]}\n`;
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function textOf(answer: ExpectedAnswer): string {
  switch (answer.kind) {
    case "container": {
      const { container, at } = answer.statement;
      const fields = answer.ticket.get();
      return container.fields.length <= maxFieldsShown
        ? container.describe(at, fields)
        : formatContents(container, at, fields);
    }
    case "word":
      return `omnibus ${hex(answer.address, 8)} ${hex(answer.ticket.get(), 8)}`;
    case "jtag":
      return `jtag ${hex(answer.ticket.get(), 9)}`;
    case "tick":
      return "tick";
  }
}

/** One line per answer: FPGA cycle, what it is. */
function* listing({ expected }: LoadedProgram, result: RunResult): Generator<string> {
  const width = String(result.endFpgaTime).length;
  for (const answer of expected) yield `${String(answer.ticket.fpgaTime()).padStart(width)}  ${textOf(answer)}\n`;
  const { madc, spikes } = result;
  yield `${result.endFpgaTime}  halt; ${madc.value.length} MADC samples, ${spikes.label.length} spikes\n`;
}

function recordOf(answer: ExpectedAnswer): Record<string, unknown> {
  const { kind, index, ticket } = answer;
  const common = { kind, index, fpgaTime: ticket.fpgaTime() };
  switch (kind) {
    case "container": {
      const { container, at } = answer.statement;
      return {
        ...common,
        container: container.name,
        coordinate: container.coordinate.format(at),
        fields: ticket.get(),
      };
    }
    case "word":
      return { ...common, address: answer.address, word: ticket.get() };
    case "jtag":
      return { ...common, data: ticket.get() };
    case "tick":
      return common;
  }
}

/** One JSON object; times in FPGA cycles of 8 ns. */
function report(identity: DeviceIdentity, { program, expected }: LoadedProgram, result: RunResult, flags: RunFlags) {
  const whole = {
    schema: "hxloop.program-run/1",
    device: identity,
    instructions: program.instructionCount,
    endFpgaTime: result.endFpgaTime,
    answers: expected.map(recordOf),
    madc: { samples: result.madc.value.length, file: flags.madc ?? null },
    spikes: { events: result.spikes.label.length, file: flags.spikes ?? null },
    timeInfo: result.timeInfo,
  };
  return [`${JSON.stringify(whole)}\n`];
}
