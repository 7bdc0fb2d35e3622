/**
 * The walk through a device that `hxloop doctor --device URL` takes, from the wire up: link reset, info text, loopback,
 * identity, JTAG, programs, initialisation, clocks, CapMem, MADC. Each step says what it measured and how long it took;
 * one that fails ends the walk, since what follows rests on it. The list is that of docs/hardware.md.
 */
import { type Clock, elapsedMs } from "../../base/clock.js";
import { Rng } from "../../base/rng.js";
import { ConnectedDevice } from "../../device/connect.js";
import { CapMemCell, CapMemCellOnDls, type Device, type Session, theFpga } from "../../device/interface/index.js";
import { loadProgram } from "../../device/playback/loaded-program.js";
import { FpgaSystimeSyncActiveState, FpgaSystimeSyncLastRtt } from "../../protocol/containers/executor.js";
import { assemble } from "../../protocol/text/index.js";
import { exitCodes } from "../exit-codes.js";
import { type Check, failed } from "./check.js";
import { recordLeakStep } from "./leak-step.js";
import type { WireTimes } from "./wire-times.js";

/** JTAG identities of the chip's versions that the official software takes (hxcomm `test-readout_jtag_id.cpp`). */
const knownIdentities = [0x0485_80af, 0x2485_80af, 0x3485_80af, 0x4485_90af];
/** The official client's constant for cube boards. */
const newestCompatible = 2;
const emptyPrograms = 50;
const capMemCells = 512;

type Found = Omit<Check, "name" | "ms"> & { readonly ms?: number };

interface Step {
  readonly name: string;
  readonly advice: string;
  look(): Promise<Found>;
}

export interface Walk {
  readonly device: Device;
  readonly times: WireTimes;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws signal.reason */
export async function* walkDevice(walk: Walk): AsyncGenerator<Check> {
  const { clock, signal } = walk;
  let broken: string | undefined;
  const sessions = new Sessions(walk);
  try {
    for (const { name, look, advice } of steps(walk, sessions)) {
      signal.throwIfAborted();
      if (broken !== undefined) {
        yield { name, status: "skip", detail: `not looked at, since ${broken} failed` };
        continue;
      }
      const from = clock.now();
      let found: Found;
      try {
        found = await look();
      } catch (error) {
        signal.throwIfAborted();
        found = failed(error);
      }
      const ms = found.ms ?? elapsedMs(from, clock.now());
      if (found.status === "fail") broken = name;
      yield { name, ms, ...(found.status === "ok" ? {} : { advice }), ...found };
    }
  } finally {
    await sessions.close();
  }
}

/** The session of the steps below: bare first, then one that has initialised the board. */
class Sessions {
  readonly #walk: Walk;
  #open: Session | undefined;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  async start(bare: boolean): Promise<Session> {
    await this.close();
    const { device, signal } = this.#walk;
    // Behind a gateway every session is initialised; only a device with a wire of its own can be had bare.
    this.#open = await (device instanceof ConnectedDevice
      ? device.openSession({ signal, bare })
      : device.openSession({ signal }));
    return this.#open;
  }

  get current(): Session {
    if (this.#open === undefined) throw new Error("no session is open");
    return this.#open;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
  }
}

function steps({ device, times, clock, signal }: Walk, sessions: Sessions): readonly Step[] {
  return [
    {
      name: "link reset",
      advice: "the wire loses datagrams; look at cable, switch and firewall",
      async look() {
        const ms = times.resetMs;
        if (ms === undefined) return { status: "skip", detail: "no link of our own to this device" };
        const { resets } = times;
        const detail = `answered after ${ms.toFixed(2)} ms; ${resets} reset frame${resets === 1 ? "" : "s"} sent`;
        // A worker thread has to start before it can answer; a board has been there.
        const isLate = resets > 1 && !device.identity.url.startsWith("virtual:");
        return { status: isLate ? "warn" : "ok", detail, measured: { resetMs: ms, resetFrames: resets }, ms };
      },
    },
    {
      name: "info text",
      advice: "the bitfile is of another kind than this driver knows; ask who has built it",
      look: async () => ({ ...infoText(device.identity.bitfileInfo), ms: 0 }),
    },
    {
      name: "loopback",
      advice: "",
      async look() {
        const ms = times.loopbackMs;
        if (ms === undefined) return { status: "skip", detail: "no link of our own to this device" };
        return { status: "ok", detail: `word came back after ${ms.toFixed(2)} ms`, measured: { loopbackMs: ms }, ms };
      },
    },
    {
      name: "JTAG identity",
      advice: "no chip, no power, or another chip: look at supplies and socket",
      async look() {
        const session = await sessions.start(true);
        return await jtagIdentity(session, signal);
      },
    },
    {
      name: "empty program",
      advice: "",
      look: () => emptyProgramTime(sessions.current, clock, signal),
    },
    {
      name: "init",
      advice: "see which instruction was stuck: hxloop doctor --capture FILE, then hxloop decode FILE --errors",
      async look() {
        await sessions.start(false);
        return { status: "ok", detail: "board, reset, clocks, links, time, references and memories are up" };
      },
    },
    {
      name: "clock sync",
      advice: "links between FPGA and chip are down; look at the PHYs' configuration and the chip's clocks",
      look: () => clockSync(sessions.current, signal),
    },
    {
      name: "CapMem",
      advice: "register access is unreliable: look at the links between FPGA and chip",
      look: () => capMem(sessions.current, signal),
    },
    {
      name: "MADC leak step",
      advice: "look at readout amplifiers, references and the neuron's bias cells; another --device chip may differ",
      look: () => leakStep(sessions.current, signal),
    },
  ];
}

function infoText(text: string): Found {
  const keys = new Map(
    text.split("\n").map((line) => [line.split(":")[0]?.trim() ?? "", line.slice(line.indexOf(":") + 1).trim()]),
  );
  const integer = (key: string): number => (/^-?\d+$/.test(keys.get(key) ?? "") ? Number(keys.get(key)) : Number.NaN);
  const [version, compatibleUntil] = [integer("version"), integer("compatible_until")];
  const measured = { version, compatibleUntil, text: text.trim() };
  const detail = text.trim().replaceAll(/\s*\n\s*/g, ", ");
  if (Number.isNaN(version) || Number.isNaN(compatibleUntil))
    return {
      status: "warn",
      detail: `${detail || "empty"}: no integers version and compatible_until`,
      measured: { text },
    };
  const isKnown = version >= 0 && compatibleUntil <= newestCompatible;
  return isKnown
    ? { status: "ok", detail, measured }
    : { status: "warn", detail: `${detail}: compatible_until is above ${newestCompatible}`, measured };
}

async function jtagIdentity(session: Session, signal: AbortSignal): Promise<Found> {
  const { program, expected } = loadProgram(
    assemble("jtag scaler 6\njtag init\njtag ins IDCODE\njtag data 0 bits=32 keep\nbarrier jtag\nhalt\n"),
  );
  await session.run(program, { signal });
  const [answer] = expected;
  const identity = answer?.kind === "jtag" ? answer.ticket.get() : 0;
  const hex = `0x${identity.toString(16).padStart(8, "0")}`;
  const isKnown = knownIdentities.includes(identity);
  const list = knownIdentities.map((known) => `0x${known.toString(16).padStart(8, "0")}`).join(", ");
  return isKnown
    ? { status: "ok", detail: hex, measured: { identity: hex } }
    : { status: "fail", detail: `${hex} is none of ${list}`, measured: { identity: hex }, code: exitCodes.device };
}

async function emptyProgramTime(session: Session, clock: Clock, signal: AbortSignal): Promise<Found> {
  const times: number[] = [];
  for (let i = 0; i < emptyPrograms; i++) {
    const from = clock.now();
    await session.run(session.program().build(), { signal });
    times.push(elapsedMs(from, clock.now()));
  }
  times.sort((a, b) => a - b);
  const [least = 0, median = 0] = [times[0], times[emptyPrograms / 2]];
  const detail = `median ${median.toFixed(2)} ms, least ${least.toFixed(2)} ms of ${emptyPrograms}`;
  return { status: "ok", detail, measured: { medianMs: median, leastMs: least } };
}

async function clockSync(session: Session, signal: AbortSignal): Promise<Found> {
  const builder = session.program();
  const state = builder.read(FpgaSystimeSyncActiveState, theFpga);
  const roundTrip = builder.read(FpgaSystimeSyncLastRtt, theFpga);
  await session.run(builder.build(), { signal });
  const { activeState } = state.get();
  const cycles = Number(roundTrip.get().value);
  const measured = { active: activeState, roundTripCycles: cycles };
  return activeState
    ? { status: "ok", detail: `chip and FPGA in step, round trip ${cycles} cycles of 8 ns`, measured }
    : { status: "fail", detail: "chip and FPGA time are not in step", measured, code: exitCodes.device };
}

/** Codes by a fixed seed into cells all over the chip, read back in another program. */
async function capMem(session: Session, signal: AbortSignal): Promise<Found> {
  const rng = Rng.fromSeed(1).fork("doctor");
  const cells = rng.permutation(CapMemCellOnDls.size).subarray(0, capMemCells);
  const codes = Uint16Array.from(cells, () => rng.int(1023));
  const write = session.program();
  for (const [i, cell] of cells.entries()) {
    write.write(CapMemCell, CapMemCellOnDls.at(cell), { value: codes[i] as number });
  }
  await session.run(write.barrier("omnibus").build(), { signal });
  const read = session.program();
  const tickets = Array.from(cells, (cell) => read.read(CapMemCell, CapMemCellOnDls.at(cell)));
  await session.run(read.build(), { signal });
  const wrong = tickets.flatMap((ticket, i) => (ticket.get().value === codes[i] ? [] : [i]));
  const measured = { cells: capMemCells, wrong: wrong.length };
  const [first] = wrong;
  if (first === undefined) return { status: "ok", detail: `${capMemCells} cells written and read back`, measured };
  const place = CapMemCellOnDls.format(CapMemCellOnDls.at(cells[first] as number));
  const detail = `${wrong.length} of ${capMemCells} cells differ, first ${place}: wrote ${codes[first]}, read ${tickets[first]?.get().value}`;
  return { status: "fail", detail, measured, code: exitCodes.device };
}

async function leakStep(session: Session, signal: AbortSignal): Promise<Found> {
  const step = await recordLeakStep(session, signal);
  const { share, restLsb, stepLsb, leftLsb, tauUs, noiseLsb } = step;
  const measured = { ...step };
  const detail = `rest ${restLsb.toFixed(0)} LSB, step ${stepLsb.toFixed(0)} LSB, back with tau ${tauUs.toFixed(1)} us, noise ${noiseLsb.toFixed(1)} LSB, ${step.samples} samples`;
  const faults = [
    share > 0.98 && share < 1.02 ? "" : `${(100 * share).toFixed(1)} % of the samples came`,
    stepLsb > Math.max(20, 5 * noiseLsb) ? "" : "the membrane does not rise with the current",
    tauUs > 1 && tauUs < 150 ? "" : "the time constant is outside 1..150 us",
    Math.abs(leftLsb) < 0.2 * Math.abs(stepLsb) ? "" : "the membrane does not come back",
  ].filter((fault) => fault !== "");
  if (faults.length === 0) return { status: "ok", detail, measured };
  return { status: "fail", detail: `${detail}: ${faults.join("; ")}`, measured, code: exitCodes.device };
}
