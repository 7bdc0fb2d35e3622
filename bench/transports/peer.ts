/**
 * The other end of the transport bench, a process of its own: `udp-raw`, `udp-echo` and `pty-raw` answer bare datagrams or bytes,
 * which is what the system can do at best; `udp-link` and `pty-link` are the board's link machine with nobody behind it,
 * so that the link is measured and not the chip. Prints where it is as one JSON line.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { ArqPeer } from "../../firmware-sim/arq-peer.js";
import { LineGate } from "../../firmware-sim/line-gate.js";
import { openPseudoTerminal } from "../../firmware-sim/listen/pseudo-terminal.js";
import { yieldToEvents } from "../../src/base/async.js";
import { systemClock } from "../../src/base/clock.js";
import {
  type DatagramPort,
  encodeCredit,
  encodeSerialFrame,
  parseCredit,
  parseMark,
  SerialDeframer,
} from "../../src/protocol/index.js";
import { rawAckEvery, rawDatagramBytes, rawWindow } from "./raw.js";

const bufferBytes = 1 << 20;
/** Raw pseudo-terminal: one byte back for each so many. Small writes begin with a mark and are echoed. */
const rawAckBytes = 2048;
const smallMark = 3;

async function bound(): Promise<Socket> {
  const lookup: SocketOptions["lookup"] = (number, _options, found) => found(null, number, 4);
  const socket = createSocket({ type: "udp4", recvBufferSize: bufferBytes, sendBufferSize: bufferBytes, lookup });
  const listening = once(socket, "listening");
  socket.bind(0, "127.0.0.1");
  await listening;
  return socket;
}

function ready(place: object): void {
  process.stdout.write(`${JSON.stringify(place)}\n`);
}

/**
 * The board's link without a board: counts words. The first word of a transfer says how many words follow in all (high
 * half) and how many to send back when they have come (low half).
 */
class Sink {
  readonly #peer: ArqPeer;
  #left = 0;
  #owed = 0;
  #isScheduled = false;
  /** Something has come since the last turn. */
  #isFresh = false;
  readonly #isBusy: () => boolean;

  constructor(transmit: (datagram: Uint8Array) => void, isBusy: () => boolean) {
    this.#isBusy = isBusy;
    this.#peer = new ArqPeer(
      {
        transmit,
        deliver: (words) => this.#take(words),
        hasRoomFor: () => true,
        restart: () => {
          this.#left = 0;
          this.#owed = 0;
        },
        abandon: () => {},
      },
      { info: "version: 2\ncompatible_until: 2\n" },
    );
    setInterval(() => {
      if (!this.#isBusy()) this.#peer.resend(systemClock.now());
    }, 2);
  }

  receive(port: DatagramPort, datagram: Uint8Array): void {
    this.#peer.receive(port, datagram, systemClock.now());
    this.#isFresh = true;
    if (!this.#isScheduled) void this.#turn();
  }

  /** A turn without datagrams ends the batch: what follows at the pace of the wire belongs to it. */
  async #turn(): Promise<void> {
    this.#isScheduled = true;
    while (this.#isFresh) {
      this.#isFresh = false;
      await yieldToEvents();
      this.#pump();
    }
    this.#isScheduled = false;
    this.#peer.endBatch();
  }

  #take(words: Uint8Array): void {
    let count = words.length / 8;
    if (this.#left === 0) {
      const view = new DataView(words.buffer, words.byteOffset);
      this.#left = view.getUint32(0);
      this.#owed = view.getUint32(4);
      count--;
    }
    this.#left -= count;
  }

  #pump(): void {
    while (this.#left === 0 && this.#owed > 0 && this.#peer.room > 0) {
      const count = Math.min(180, this.#owed);
      this.#owed -= count;
      this.#peer.send(new Uint8Array(8 * count).fill(0x55), systemClock.now());
    }
  }
}

/**
 * Bare datagrams as the link has them, without its work. A long one is bulk to here: one in `rawAckEvery` is answered by
 * four bytes, as the link acknowledges. One of eight bytes asks for so many long ones, of which `rawWindow` are under way
 * until four bytes say that `rawAckEvery` more have come. All others come back as they are.
 */
async function udpRaw(): Promise<void> {
  const socket = await bound();
  const long = new Uint8Array(rawDatagramBytes);
  let taken = 0;
  let owed = 0;
  let underWay = 0;
  socket.on("message", (message, from) => {
    const send = (bytes: Uint8Array): void => socket.send(bytes, from.port, from.address);
    const pump = (): void => {
      for (; owed > 0 && underWay < rawWindow; owed--, underWay++) send(long);
    };
    if (message.length === rawDatagramBytes) {
      if (++taken % rawAckEvery === 0) send(message.subarray(0, 4));
    } else if (message.length === 8) {
      owed = message.readUInt32BE(0);
      underWay = 0;
      taken = 0;
      pump();
    } else if (message.length === 4) {
      underWay = Math.max(0, underWay - rawAckEvery);
      pump();
    } else send(message);
  });
  ready({ port: socket.address().port });
}

/** Each datagram comes back as it is. */
async function udpEcho(): Promise<void> {
  const socket = await bound();
  socket.on("message", (message, from) => socket.send(message, from.port, from.address));
  ready({ port: socket.address().port });
}

async function udpLink(): Promise<void> {
  const [data, reset] = [await bound(), await bound()];
  let host: RemoteInfo | undefined;
  const sink = new Sink(
    (datagram) => {
      if (host) data.send(datagram, host.port, host.address);
    },
    () => false,
  );
  data.on("message", (datagram) => sink.receive("data", datagram));
  reset.on("message", (datagram, from) => {
    host = from;
    sink.receive("reset", datagram);
  });
  ready({ port: data.address().port, resetPort: reset.address().port });
}

async function ptyRaw(path: string): Promise<void> {
  const { pipe } = await openPseudoTerminal(path, systemClock);
  let unanswered = 0;
  pipe.onData((chunk) => {
    if (chunk[0] === smallMark) {
      void pipe.write(chunk);
      return;
    }
    unanswered += chunk.length;
    const count = Math.floor(unanswered / rawAckBytes);
    unanswered %= rawAckBytes;
    if (count > 0) void pipe.write(new Uint8Array(count).fill(1));
  });
  ready({ path });
}

async function ptyLink(path: string): Promise<void> {
  const { pipe } = await openPseudoTerminal(path, systemClock);
  const gate = new LineGate(systemClock, (bytes) => pipe.write(bytes));
  const sink = new Sink(
    (datagram) => gate.send(encodeSerialFrame("data", datagram)),
    () => gate.isBusy,
  );
  const deframer = new SerialDeframer((channel, payload) => {
    if (channel === "mark") gate.sendNow(encodeCredit(parseMark(payload) ?? 0, 65_536));
    else if (channel === "credit") {
      const credit = parseCredit(payload);
      if (credit) gate.onCredit(credit);
    } else {
      if (channel === "reset") gate.restart();
      sink.receive(channel, payload);
    }
  });
  pipe.onData((chunk) => deframer.push(chunk));
  ready({ path });
}

const [mode, path = ""] = process.argv.slice(2);
process.once("SIGTERM", () => process.exit(0));
if (mode === "udp-raw") await udpRaw();
else if (mode === "udp-echo") await udpEcho();
else if (mode === "udp-link") await udpLink();
else if (mode === "pty-raw") await ptyRaw(path);
else if (mode === "pty-link") await ptyLink(path);
else throw new Error(`unknown mode ${mode}`);
