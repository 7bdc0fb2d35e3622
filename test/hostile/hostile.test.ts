/**
 * Boards under fire: random and damaged datagrams from strangers and from the host that holds the board, garbage on its
 * reset port, and garbage on a serial line. The board stays up, serves the next good host, and keeps no memory of it.
 * A slice runs here; `npm run hostile` sends a million to each.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { SerialPort } from "serialport";
import { afterEach, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { yieldToEvents } from "../../src/base/async.js";
import { Rng } from "../../src/base/rng.js";
import { keepWaits } from "../../src/device/transport/serial-poller.js";
import { encodeDataFrame, encodeSerialFrame, hostArq, packetType } from "../../src/protocol/index.js";
import { startBoard, terminalMissing } from "../conformance/ways.js";

const inputs = Number(process.env.HOSTILE_INPUTS ?? 6000);
const seed = Number(process.env.HOSTILE_SEED ?? 3);
/** Datagrams sent between two looks at the event loop. */
const burst = 64;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Resident memory of a process, bytes; undefined where the system does not tell. */
function residentBytes(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(path, "utf8"))?.[1]);
}

/** What a host in trouble, a scanner or an enemy may send. */
function nasty(rng: Rng): Uint8Array {
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => rng.int(256));
  const frame = (): Uint8Array =>
    encodeDataFrame({
      ack: rng.int(256),
      seq: rng.int(256),
      type: [packetType.utMessages, packetType.loopback, packetType.flush, packetType.config, rng.int(65_536)][
        rng.int(5)
      ]!,
      payload: random(8 * rng.int(12)),
    });
  switch (rng.int(6)) {
    case 0:
      return random(rng.int(40));
    case 1:
      return random(rng.int(1500));
    case 2:
      return frame();
    case 3: {
      const bytes = frame();
      bytes[rng.int(bytes.length)] = rng.int(256);
      return bytes;
    }
    case 4:
      return frame().subarray(0, rng.int(30));
    default:
      return Uint8Array.of(0, 0, rng.int(2), rng.int(256));
  }
}

async function servesGoodHost(url: string): Promise<void> {
  const device = await openDevice(url);
  const session = await device.openSession();
  const tick = session.program();
  const ticket = tick.tick();
  await session.run(tick.build());
  expect(ticket.isReady).toBe(true);
  await device.close();
}

function flat(pid: number, early: number | undefined, what: string): void {
  const late = residentBytes(pid);
  if (early === undefined || late === undefined) return;
  if (inputs > 100_000) console.log(`${what}: resident memory ${early} -> ${late} bytes`);
  // A young process still grows by itself; a datagram kept each time would be a hundred times as much.
  expect(late - early, what).toBeLessThan(64 * 2 ** 20);
}

async function boundSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  cleanups.push(() => new Promise<void>((done) => socket.close(() => done())));
  return socket;
}

describe(`under ${inputs} malformed inputs, seed ${seed}`, () => {
  it("a board on UDP stays up, serves the next host, leaks nothing", async () => {
    const board = await startBoard("udp");
    cleanups.push(() => board.close());
    const { port, searchParams } = new URL(board.url);
    const ports = { data: Number(port), reset: Number(searchParams.get("reset")) };
    const [owner, stranger] = [await boundSocket(), await boundSocket()];
    const rng = Rng.fromSeed(seed);
    const send = (socket: Socket, bytes: Uint8Array, to: number): Promise<void> =>
      new Promise((done) => socket.send(bytes, to, "127.0.0.1", () => done()));
    await servesGoodHost(board.url);
    let early: number | undefined;
    for (let i = 0; i < inputs; i += burst) {
      // Takes the board, again and again.
      if (i % (16 * burst) === 0) await send(owner, hostArq.resetBytes, ports.reset);
      const sends: Promise<void>[] = [];
      for (let k = 0; k < burst; k++) {
        const socket = rng.int(4) === 0 ? stranger : owner;
        sends.push(send(socket, nasty(rng), rng.int(8) === 0 ? ports.reset : ports.data));
      }
      await Promise.all(sends);
      await yieldToEvents();
      if (early === undefined && i >= inputs / 5) early = residentBytes(board.pid);
    }
    await servesGoodHost(board.url);
    flat(board.pid, early, "UDP board");
  }, 1_800_000);

  it.skipIf(terminalMissing !== undefined)(
    `a board on a serial line does too${terminalMissing ?? ""}`,
    async () => {
      const board = await startBoard("serial");
      cleanups.push(() => board.close());
      const path = decodeURIComponent(new URL(board.url).pathname);
      const rng = Rng.fromSeed(seed).fork("serial");
      await servesGoodHost(board.url);
      const port = new SerialPort({ path, baudRate: 3_000_000, autoOpen: false });
      await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
      keepWaits(port);
      let early: number | undefined;
      port.resume();
      for (let i = 0; i < inputs; i += burst) {
        const pieces: Uint8Array[] = [];
        for (let k = 0; k < burst; k++) pieces.push(nastyLine(rng));
        const bytes = Buffer.concat(pieces);
        if (!port.write(bytes)) await once(port, "drain");
        if (early === undefined && i >= inputs / 5) early = residentBytes(board.pid);
      }
      await new Promise<void>((done) => port.drain(() => done()));
      await new Promise<void>((done) => port.close(() => done()));
      await servesGoodHost(board.url);
      flat(board.pid, early, "serial board");
    },
    1_800_000,
  );
});

/** Garbage between end marks, damaged frames, and intact frames with nonsense in them, marks and resets among them. */
function nastyLine(rng: Rng): Uint8Array {
  switch (rng.int(6)) {
    case 0:
      return Uint8Array.from({ length: rng.int(60) }, () => rng.int(256));
    case 1:
      return new Uint8Array(rng.int(3) === 0 ? 5000 : 20).fill(1 + rng.int(255));
    case 2: {
      const frame = encodeSerialFrame("data", nasty(rng).subarray(0, 1452));
      frame[rng.int(frame.length)] = rng.int(256);
      return frame;
    }
    case 3:
      return encodeSerialFrame(
        "mark",
        Uint8Array.from({ length: rng.int(8) }, () => rng.int(256)),
      );
    case 4:
      return encodeSerialFrame(
        rng.int(4) === 0 ? "reset" : "credit",
        Uint8Array.from({ length: 8 }, () => rng.int(256)),
      );
    default:
      return encodeSerialFrame("data", nasty(rng).subarray(0, 1452));
  }
}
