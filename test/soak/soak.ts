/**
 * The two link machines, ours of the host and ours of the board, on a wire that is bad in every way, on simulated time:
 * numbered words in frames of 1 to 8 words, both directions at once, checked as they arrive. A seed fixes the whole run.
 */
import { ArqPeer } from "../../firmware-sim/arq-peer.js";
import { LineGate } from "../../firmware-sim/line-gate.js";
import { ManualClock } from "../../src/base/clock.js";
import type { HxError } from "../../src/base/errors.js";
import { type FaultCounters, FaultLane } from "../../src/base/faults/fault-lane.js";
import { type FaultSpec, parseFaults } from "../../src/base/faults/fault-spec.js";
import { silentLogger } from "../../src/base/log.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { Rng } from "../../src/base/rng.js";
import { ArqLink } from "../../src/device/link/arq-link.js";
import { PipeTransport } from "../../src/device/transport/pipe-transport.js";
import type { DatagramTransport } from "../../src/device/transport/transport.js";
import {
  type DatagramPort,
  encodeCredit,
  encodeSerialFrame,
  parseCredit,
  parseMark,
  SerialDeframer,
} from "../../src/protocol/index.js";

export interface SoakOptions {
  /** `datagrams`: as UDP carries them; `frames`: on a byte pipe, with checksum and credit. */
  readonly wire: "datagrams" | "frames";
  readonly faults: string;
  readonly seed: number;
  /** Frames each way. */
  readonly frames: number;
  onProgress?(framesBothWays: number): void;
}

export interface SoakResult {
  /** Words that arrived in order and once, by direction. */
  readonly atBoard: number;
  readonly atHost: number;
  readonly sentByHost: number;
  readonly sentByBoard: number;
  /** The first word that was not the one expected. */
  readonly wrong: string | undefined;
  /** How the link ended, when it did. */
  readonly end: HxError | undefined;
  readonly simulatedMs: number;
  readonly toBoard: FaultCounters;
  readonly toHost: FaultCounters;
  readonly resent: { readonly byHost: number; readonly byBoard: number };
}

/** Checks numbered words as they come. */
class Counted {
  next = 0;
  wrong: string | undefined;
  readonly #who: string;

  constructor(who: string) {
    this.#who = who;
  }

  take(words: Uint8Array): void {
    const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
    for (let at = 0; at < words.length; at += 8) {
      const got = view.getUint32(at + 4) + view.getUint32(at) * 2 ** 32;
      if (got !== this.next) this.wrong ??= `${this.#who} got word ${got} instead of ${this.next}`;
      this.next++;
    }
  }
}

function numbered(first: number, count: number): Uint8Array {
  const bytes = new Uint8Array(8 * count);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(8 * i, Math.floor((first + i) / 2 ** 32));
    view.setUint32(8 * i + 4, (first + i) >>> 0);
  }
  return bytes;
}

/** Steps of simulated time, ms: about that of a pass through the event loop. */
const stepMs = 0.2;
/** Nothing new for so long, ms of simulated time: the run is stuck, which is a failure. */
const stuckMs = 60_000;
/** Words that wait on each side at most, so that a run needs no memory for what is still to come. */
const mostWaiting = 2000;

export async function soak({ wire, faults, seed, frames, onProgress }: SoakOptions): Promise<SoakResult> {
  const clock = new ManualClock();
  const rng = Rng.fromSeed(seed).fork("soak");
  const spec = parseFaults(faults);
  const atBoard = new Counted("the board");
  const atHost = new Counted("the host");
  let isDead = false;
  let hasHost = false;

  let toHost: (datagram: Uint8Array) => void = () => {};
  const makePeer = (): ArqPeer =>
    new ArqPeer(
      {
        transmit: (datagram) => toHost(datagram.slice()),
        deliver: (words) => atBoard.take(words),
        hasRoomFor: () => true,
        restart: () => {
          hasHost = true;
        },
        abandon: () => {
          hasHost = false;
        },
      },
      { info: "version: 2\ncompatible_until: 2\n" },
    );
  let peer = makePeer();
  const restart = (): void => {
    peer = makePeer();
    hasHost = false;
  };
  const cut = (): void => {
    isDead = true;
  };
  const ends = { clock, spec, rng, restart, cut };
  const made =
    wire === "datagrams"
      ? datagramWire(ends, (port, d) => peer.receive(port, d, clock.now()))
      : frameWire(ends, (port, d) => peer.receive(port, d, clock.now()));
  toHost = made.toHost;

  const link = new ArqLink(made.transport, { clock, logger: silentLogger, rng: rng.fork("link") });
  let end: HxError | undefined;
  link.setListener({ onWords: (words) => atHost.take(words), onEnd: (error) => (end = error) });
  link.open().catch(() => {});

  const sizes = rng.fork("sizes");
  const host = { frames: 0, words: 0 };
  const board = { frames: 0, words: 0 };
  let lastNews = 0;
  let news = 0;
  while (end === undefined) {
    if (link.state === "open") {
      while (host.frames < frames && host.words - atBoard.next < mostWaiting) {
        const count = 1 + sizes.int(8);
        link.send(numbered(host.words, count));
        host.words += count;
        host.frames++;
      }
      while (hasHost && board.frames < frames && peer.room > 0) {
        const count = 1 + sizes.int(8);
        peer.send(numbered(board.words, count), clock.now());
        board.words += count;
        board.frames++;
      }
    }
    peer.endBatch();
    if (!made.isBusy()) peer.resend(clock.now());
    clock.advance(stepMs);
    // Promises of the pipe settle between two steps.
    await undefined;
    const done = atBoard.next + atHost.next;
    if (atBoard.wrong !== undefined || atHost.wrong !== undefined) break;
    if (host.frames === frames && board.frames === frames && atBoard.next === host.words && atHost.next === board.words)
      break;
    if (done > news) {
      news = done;
      lastNews = clock.now();
      onProgress?.(host.frames + board.frames);
    } else if (clock.now() - lastNews > stuckMs) break;
    if (isDead && end === undefined) made.pull();
  }
  return {
    atBoard: atBoard.next,
    atHost: atHost.next,
    sentByHost: host.words,
    sentByBoard: board.words,
    wrong: atBoard.wrong ?? atHost.wrong,
    end,
    simulatedMs: clock.now(),
    toBoard: made.toBoardCounters,
    toHost: made.toHostCounters,
    resent: { byHost: link.counters.framesResent, byBoard: peer.counters.framesResent },
  };
}

interface Ends {
  readonly clock: ManualClock;
  readonly spec: FaultSpec;
  readonly rng: Rng;
  restart(): void;
  cut(): void;
}

interface Wire {
  readonly transport: DatagramTransport;
  toHost(datagram: Uint8Array): void;
  /** The board should not resend now. */
  isBusy(): boolean;
  /** The cable is out: tell the host, where a host is told. */
  pull(): void;
  readonly toBoardCounters: FaultCounters;
  readonly toHostCounters: FaultCounters;
}

type ToBoard = (port: DatagramPort, datagram: Uint8Array) => void;

/** Time on the way, ms. */
const flightMs = 0.05;

function datagramWire({ clock, spec, rng, restart, cut }: Ends, toBoard: ToBoard): Wire {
  const { restart: _board, ...spoken } = spec;
  let receive: (datagram: Uint8Array) => void = () => {};
  let isOut = false;
  const out = (): void => {
    isOut = true;
    cut();
  };
  const common = { clock, corruption: "lose", cut: out } as const;
  const up = new FaultLane({
    ...common,
    spec,
    rng: rng.fork("up"),
    restart,
    deliver: (d) => void clock.after(flightMs, () => toBoard("data", d)),
  });
  const down = new FaultLane({
    ...common,
    spec: spoken,
    rng: rng.fork("down"),
    deliver: (d) => void clock.after(flightMs, () => receive(d)),
  });
  const transport: DatagramTransport = {
    url: "soak:datagrams",
    send(port, datagram) {
      if (isOut) return;
      // Resets are repeated by the host anyway; a late one would be a second reset.
      if (port === "reset") toBoard("reset", datagram.slice());
      else up.push(datagram.slice());
    },
    onDatagram: (listener) => {
      receive = listener;
    },
    onClose() {},
    drained: async () => {},
    close: async () => {},
  };
  return {
    transport,
    toHost: (datagram) => {
      if (!isOut) down.push(datagram);
    },
    isBusy: () => false,
    pull() {},
    toBoardCounters: up.counters,
    toHostCounters: down.counters,
  };
}

function frameWire({ clock, spec, rng, restart, cut }: Ends, toBoard: ToBoard): Wire {
  const { restart: _board, ...spoken } = spec;
  let atHost: (chunk: Uint8Array) => void = () => {};
  let closed: (error?: Error) => void = () => {};
  const common = { clock, corruption: "flip", cut } as const;
  const up = new FaultLane({
    ...common,
    spec,
    rng: rng.fork("up"),
    restart,
    deliver: (bytes) => void clock.after(flightMs, () => deframer.push(bytes)),
  });
  const down = new FaultLane({
    ...common,
    spec: spoken,
    rng: rng.fork("down"),
    deliver: (bytes) => void clock.after(flightMs, () => atHost(bytes)),
  });
  const gate = new LineGate(clock, async (bytes) => down.push(bytes));
  const deframer = new SerialDeframer((channel, payload) => {
    if (channel === "mark") {
      const position = parseMark(payload);
      if (position !== undefined) gate.sendNow(encodeCredit(position, 8192));
    } else if (channel === "credit") {
      const credit = parseCredit(payload);
      if (credit) gate.onCredit(credit);
    } else {
      if (channel === "reset") gate.restart();
      toBoard(channel, payload);
    }
  });
  const pipe: BytePipe = {
    write: async (bytes) => up.push(bytes),
    onData: (listener) => {
      atHost = listener;
    },
    onClose: (listener) => {
      closed = listener;
    },
    close: async () => {},
  };
  return {
    transport: new PipeTransport("soak:frames", pipe, { clock }),
    toHost: (datagram) => gate.send(encodeSerialFrame("data", datagram)),
    isBusy: () => gate.isBusy,
    pull: () => closed(new Error("cable pulled")),
    toBoardCounters: up.counters,
    toHostCounters: down.counters,
  };
}
