/** `hxloop replay FILE --device URL`: send the recorded programs again, and say where the answers differ. */
import { Command } from "commander";
import type { OpenedDevice } from "../../api/open-device.js";
import { isHxError } from "../../base/errors.js";
import type { CaptureSink } from "../../device/transport/record.js";
import type { CapturedDatagram } from "../../protocol/capture/capture-reader.js";
import type { Difference } from "../../protocol/explain/compare.js";
import type { ProgramRecord } from "../../protocol/explain/program-record.js";
import { type Context, defaultDevice } from "../context.js";
import { withDevice } from "../device.js";
import { UsageError } from "../errors.js";
import { exitCodes } from "../exit-codes.js";
import { captureOption, integer, nonEmpty } from "../options.js";
import { exitCodeOfDifference } from "./diff.js";

interface ReplayFlags {
  readonly device?: string;
  readonly board?: number;
  readonly capture?: string;
  readonly json?: true;
}

export function replayCommand(context: Context): Command {
  return new Command("replay")
    .description("Send the programs of a capture again and say where the answers differ, by register name.")
    .argument("<FILE>", "capture, pcapng", nonEmpty)
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option(
      "--board <N>",
      "which board of the capture, as decode numbers them (default: the only one)",
      integer("--board", 0, 1023),
    )
    .addOption(captureOption())
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText(
      "after",
      `
Programs are sent as they were recorded, in order, after the usual initialisation; one whose halt is not in the capture
is left out. Numbers of MADC samples and spikes are noted where they differ, and decide nothing unless one side has none.

Exit code 0: no answer differs. 1: some do. Others as in hxloop --help.

Example:
  $ hxloop replay night.pcapng --device udp://192.168.4.2`,
    )
    .action(async (file: string, flags: ReplayFlags) => {
      process.exitCode = await replay(context, file, flags);
    });
}

/** @throws UsageError, FileUnreadable, CaptureInvalid; those of the device */
async function replay(context: Context, file: string, flags: ReplayFlags): Promise<number> {
  const { terminal } = context;
  const { eachProgram } = await import("../captured-programs.js");
  const board = flags.board ?? 0;
  // Everything is read and checked before a device is touched.
  let count = 0;
  const { boards, cut } = await eachProgram(context, file, board, () => void count++);
  if (board >= boards) throw new UsageError(`--board = ${board}, but ${file} has boards 0..${boards - 1}`);
  if (boards > 1 && flags.board === undefined)
    throw new UsageError(`${file} has ${boards} boards; name one: --board 0..${boards - 1}`);
  if (cut !== undefined) terminal.say(`${terminal.paint("yellow", "warning:")} ${cut.message}`);
  const heard = new ReplayListener();
  const url = flags.device ?? defaultDevice;
  const result = await withDevice(
    context,
    url,
    flags.capture,
    (device) => sendAll(context, file, board, device, heard),
    { also: await heard.sink() },
  );
  return await present(context, result, flags, [file, url]);
}

interface Replayed {
  readonly sent: number;
  readonly skipped: number;
  readonly differences: readonly Difference[];
}

/** Hears what goes over the wire during the replay, as a capture would. */
class ReplayListener {
  #programs: ProgramRecord[] = [];

  async sink(): Promise<CaptureSink> {
    const { Explainer } = await import("../../protocol/explain/explainer.js");
    const { ProgramCollector } = await import("../../protocol/explain/program-record.js");
    const explainer = new Explainer({
      source: "replay",
      emit: () => {},
      makeView: (tools) => new ProgramCollector(tools, (program) => void this.#programs.push(program)),
    });
    let packet = 0;
    return {
      board(url) {
        explainer.onBoard({ board: 0, name: url, address: "" });
        return {
          datagram: (direction, port, bytes) => {
            const place = { packet: ++packet, time: 0n, board: 0, missing: 0, offset: 0, comment: "" };
            const datagram: CapturedDatagram = { ...place, direction, port, bytes };
            explainer.onDatagram(datagram);
          },
          identify: () => {},
          end: () => explainer.end(),
        };
      },
    };
  }

  /** Programs since the last take. */
  take(): readonly ProgramRecord[] {
    const programs = this.#programs;
    this.#programs = [];
    return programs;
  }
}

async function sendAll(
  context: Context,
  file: string,
  board: number,
  device: OpenedDevice,
  heard: ReplayListener,
): Promise<Replayed> {
  const { signal } = context.interrupts;
  const { eachProgram } = await import("../captured-programs.js");
  const { loadProgram } = await import("../../device/playback/loaded-program.js");
  const { comparePrograms } = await import("../../protocol/explain/compare.js");
  const session = await device.openSession({ signal });
  const differences: Difference[] = [];
  let [sent, skipped] = [0, 0];
  try {
    heard.take();
    await eachProgram(context, file, board, async (recorded) => {
      if (!recorded.isComplete) {
        skipped++;
        return;
      }
      const { program } = loadProgram(recorded.words, { anyWords: true });
      try {
        await session.run(program, { signal });
      } catch (error) {
        // What the board did is compared below, also when it was wrong.
        if (!isHxError(error, "NotificationReceived") && !isHxError(error, "AnswerMismatch")) throw error;
      }
      sent++;
      for (const again of heard.take()) differences.push(...comparePrograms(recorded, again));
    });
  } finally {
    await session.close();
  }
  return { sent, skipped, differences };
}

async function present(
  { terminal }: Context,
  { sent, skipped, differences }: Replayed,
  flags: ReplayFlags,
  names: readonly [string, string],
): Promise<number> {
  const found = differences.filter(({ isNote }) => !isNote);
  const code = found.length === 0 ? exitCodes.ok : exitCodeOfDifference;
  if (flags.json) {
    terminal.result(
      JSON.stringify({ schema: "hxloop.replay/1", same: found.length === 0, sent, skipped, differences }),
    );
    return code;
  }
  const { differenceText, shownDifferences } = await import("../difference-text.js");
  for (const difference of differences.slice(0, shownDifferences)) terminal.result(differenceText(difference, names));
  if (differences.length > shownDifferences) terminal.result(`and ${differences.length - shownDifferences} more`);
  const left = skipped === 0 ? "" : `; ${skipped} without a halt left out`;
  const verdict =
    found.length === 0 ? "no answer differs" : `${found.length} ${found.length === 1 ? "difference" : "differences"}`;
  terminal.result(`${verdict} in ${sent} programs${left}`);
  return code;
}
