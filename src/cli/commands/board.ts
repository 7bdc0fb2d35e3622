/**
 * `hxloop board`: the virtual board as a process of its own, for every host that speaks its protocol, ours or another's.
 * Prints one line on stdout when it is ready, and on stderr what it has seen when it ends.
 */
import { Command } from "commander";
import type { VirtualBoardOptions } from "../../../firmware-sim/board-options.js";
import type { Clock } from "../../base/clock.js";
import { type FaultSpec, faultsLegal, formatFaults, parseFaults } from "../../base/faults/fault-spec.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { choice, integer, nonEmpty } from "../options.js";

const presets = ["ideal", "typical", "harsh"] as const;

interface BoardFlags {
  readonly udp?: string;
  readonly serial?: string;
  readonly port: number;
  readonly resetPort: number;
  readonly chip: number;
  readonly preset: (typeof presets)[number];
  readonly faults?: FaultSpec;
  readonly faultSeed: number;
  readonly json?: true;
}

/** A board that is being served. */
interface Served {
  /** How it is reached. */
  readonly url: string;
  /** Where it is, for the record. */
  readonly place: Readonly<Record<string, unknown>>;
  readonly counters: object;
  /** Rejects when it has ended by itself; never resolves. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

export function boardCommand(context: Context): Command {
  const anyPort = (option: string): ((text: string) => number) => integer(option, 0, 65_535);
  return new Command("board")
    .description("Run a virtual board and chip as a process of its own, on UDP or on a pseudo-terminal.")
    .option("--udp <ADDRESS>", "listen at this address (default: 127.0.0.1)", nonEmpty)
    .option("--port <N>", "data port; 0 takes a free one", anyPort("--port"), 1234)
    .option("--reset-port <N>", "reset port; 0 takes a free one", anyPort("--reset-port"), 45_054)
    .option("--serial <PATH>", "make a pseudo-terminal instead, and a link to it at PATH", nonEmpty)
    .option("--chip <N>", "seed of the chip: another number is another chip", integer("--chip", 0, 0xffff_ffff), 1)
    .addOption(choice("--preset <NAME>", "imperfections", presets).default("typical"))
    .option("--faults <LIST>", "what goes wrong on the wire, e.g. drop:0.05,corrupt:0.01,restart:@5000", parseFaults)
    .option("--fault-seed <N>", "seed of the faults", integer("--fault-seed", 0, Number.MAX_SAFE_INTEGER), 0)
    .option("--json", "print one JSON object when ready and one at the end, instead of text")
    .addHelpText("after", `\nFaults: ${faultsLegal}\n\nExample:\n  $ hxloop board --chip 3 --serial /tmp/board`)
    .action((flags: BoardFlags) => board(context, flags));
}

/** @throws AddressTaken, UsageError, PseudoTerminalMissing */
async function board(context: Context, flags: BoardFlags): Promise<void> {
  const { terminal, interrupts } = context;
  if (flags.serial !== undefined && flags.udp !== undefined)
    throw new UsageError("--udp and --serial exclude each other: one board has one way to it; start two boards");
  const served = await serve(context, flags);
  const { chip, preset, faults, faultSeed } = flags;
  const bad = faults === undefined ? "" : `, faults ${formatFaults(faults)} (seed ${faultSeed})`;
  const about = { schema: "hxloop.board/1", url: served.url, ...served.place, chip, preset };
  const ready = { ...about, faults: faults === undefined ? null : formatFaults(faults), faultSeed };
  terminal.result(
    flags.json
      ? JSON.stringify({ ...ready, state: "ready", pid: process.pid })
      : `virtual board, chip ${chip} (${preset})${bad}: ${served.url}`,
  );
  try {
    await Promise.race([served.ended, untilAborted(interrupts.signal)]);
  } finally {
    await served.close();
  }
  const { counters } = served;
  if (flags.json) terminal.result(JSON.stringify({ ...about, state: "stopped", counters }));
  else terminal.say(`board stopped: ${JSON.stringify(counters)}`);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function serve({ clock }: Context, flags: BoardFlags): Promise<Served> {
  const { chip, preset, faults, faultSeed } = flags;
  const { boardKernels } = await import("../../kernels/load.js");
  const bad = faults === undefined ? {} : { faults };
  const options: VirtualBoardOptions = { chip, preset, faultSeed, ...bad, ...boardKernels() };
  if (flags.serial !== undefined) return await serveSerial(options, clock, flags.serial);
  const host = flags.udp ?? "127.0.0.1";
  const { serveBoardOnUdp } = await import("../../../firmware-sim/listen/udp.js");
  const listener = await serveBoardOnUdp(options, clock, { host, dataPort: flags.port, resetPort: flags.resetPort });
  const { dataPort, resetPort } = listener;
  return {
    url: `udp://${host.includes(":") ? `[${host}]` : host}:${dataPort}?reset=${resetPort}`,
    place: { udp: { host, dataPort, resetPort } },
    get counters() {
      return listener.counters;
    },
    ended: new Promise(() => {}),
    close: () => listener.close(),
  };
}

async function serveSerial(options: VirtualBoardOptions, clock: Clock, link: string): Promise<Served> {
  const { serveBoardOnTerminal } = await import("../../../firmware-sim/listen/serial.js");
  const listener = await serveBoardOnTerminal(options, clock, link);
  const { path, tool } = listener;
  return {
    url: `serial://${path.split("/").map(encodeURIComponent).join("/")}`,
    place: { serial: { path, tool } },
    get counters() {
      return listener.counters;
    },
    ended: listener.ended,
    close: () => listener.close(),
  };
}
