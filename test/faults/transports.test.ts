/** The wires below the link: byte pipes that cut and damage, message ports, UDP sockets, serial ports. */
import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { MessageChannel } from "node:worker_threads";
import fc from "fast-check";
import { SerialPortMock } from "serialport";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, ManualClock, systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { Rng } from "../../src/base/rng.js";
import { connectDevice } from "../../src/device/connect.js";
import { ArqLink } from "../../src/device/link/arq-link.js";
import { MessagePortPipe } from "../../src/device/transport/message-port-pipe.js";
import { PipeTransport } from "../../src/device/transport/pipe-transport.js";
import { RechunkingPipe } from "../../src/device/transport/rechunking-pipe.js";
import { openSerialPipe } from "../../src/device/transport/serial.js";
import { openUdpTransport } from "../../src/device/transport/udp.js";
import { CapMemCell } from "../../src/protocol/containers/capmem.js";
import { CapMemCellOnDls } from "../../src/protocol/coordinates/capmem.js";
import { encodeSerialFrame, SerialDeframer } from "../../src/protocol/serial-frame.js";
import { BoardDouble } from "./board-double.js";
import { ScriptedBoard } from "./scripted-board.js";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two ends of a pipe whose chunks take 0.05 ms; `damage` may change them under way. */
function memoryPipes(clock: Clock, damage: (chunk: Uint8Array) => void): [BytePipe, BytePipe] {
  const listeners: ((chunk: Uint8Array) => void)[] = [() => {}, () => {}];
  const end = (self: 0 | 1): BytePipe => ({
    async write(bytes) {
      const chunk = bytes.slice();
      damage(chunk);
      clock.after(0.05, () => listeners[1 - self]?.(chunk));
    },
    onData: (listener) => (listeners[self] = listener),
    onClose() {},
    async close() {},
  });
  return [end(0), end(1)];
}

/** Connect the board double to its end of a byte pipe. */
function boardOn(clock: Clock, pipe: BytePipe, behaviour: ConstructorParameters<typeof BoardDouble>[1]): BoardDouble {
  const board = new BoardDouble(clock, behaviour, (datagram) => void pipe.write(encodeSerialFrame("data", datagram)));
  const deframer = new SerialDeframer((channel, payload) => {
    if (channel === "data" || channel === "reset") board.datagram(channel, payload);
    // Room for as much again as the mark says.
    else if (channel === "mark") void pipe.write(encodeSerialFrame("credit", Uint8Array.of(...payload, 0, 0, 0x40, 0)));
  });
  pipe.onData((chunk) => deframer.push(chunk));
  return board;
}

describe("a byte pipe", () => {
  it("carries every word exactly once although chunks are cut, joined and damaged", async () => {
    const property = fc.asyncProperty(fc.nat(), fc.double({ min: 0, max: 0.2, noNaN: true }), async (seed, rate) => {
      const clock = new ManualClock();
      const rng = Rng.fromSeed(seed);
      const damage = rng.fork("damage");
      const [host, far] = memoryPipes(clock, (chunk) => {
        if (damage.uniform() < rate) chunk[damage.int(chunk.length)] = damage.int(256);
      });
      const received: number[] = [];
      const board = boardOn(clock, far, { onWords: (words) => received.push(...words.filter((_, i) => i % 8 === 7)) });
      const transport = new PipeTransport("test:pipe", new RechunkingPipe(host, rng.fork("chunks")), { clock });
      const link = new ArqLink(transport, { clock, logger: silentLogger, rng });
      const atHost: number[] = [];
      link.setListener({ onWords: (words) => atHost.push(...words.filter((_, i) => i % 8 === 7)), onEnd() {} });
      const wait = async (holds: () => boolean): Promise<void> => {
        for (let t = 0; t < 20_000 && !holds(); t++) {
          clock.advance(0.5);
          await Promise.resolve();
        }
      };
      link.open().catch(() => {});
      await wait(() => link.state === "open");
      const count = 1500;
      const words = Uint8Array.from({ length: 8 * count }, (_, i) => (i % 8 === 7 ? (i >> 3) & 0xff : 0));
      link.send(words);
      board.answer(words);
      await wait(() => received.length >= count && atHost.length >= count);
      const expected = Array.from({ length: count }, (_, i) => i & 0xff);
      expect(received).toEqual(expected);
      expect(atHost).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 12, seed: 4 });
  });

  it("is cut anew: the same bytes in other chunks, nothing left behind", async () => {
    const seen: Uint8Array[] = [];
    const pipe: BytePipe = {
      write: async (bytes) => void seen.push(bytes.slice()),
      onData() {},
      onClose() {},
      async close() {},
    };
    const rechunked = new RechunkingPipe(pipe, Rng.fromSeed(2));
    const sent = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 7) & 0xff);
    for (let offset = 0; offset < sent.length; offset += 1500) void rechunked.write(sent.slice(offset, offset + 1500));
    await rechunked.close();
    expect(Buffer.concat(seen).equals(Buffer.from(sent))).toBe(true);
    const lengths = seen.map((chunk) => chunk.length);
    expect(Math.min(...lengths)).toBeLessThan(9);
    expect(Math.max(...lengths)).toBeGreaterThan(1500);
  });
});

describe("MessagePortPipe", () => {
  it("keeps early chunks, keeps the order, leaves shared buffers alone, and reports the close once", async () => {
    const { port1, port2 } = new MessageChannel();
    const [near, far] = [new MessagePortPipe(port1), new MessagePortPipe(port2)];
    cleanups.push(() => far.close());
    const shared = Uint8Array.of(1, 2, 3, 4);
    await near.write(shared.subarray(1, 3));
    await near.write(Uint8Array.of(5));
    expect([...shared]).toEqual([1, 2, 3, 4]);
    const got: number[] = [];
    await new Promise<void>((resolve) =>
      far.onData((chunk) => {
        got.push(...chunk);
        if (got.length === 3) resolve();
      }),
    );
    expect(got).toEqual([2, 3, 5]);
    let closes = 0;
    const closed = new Promise<void>((resolve) =>
      far.onClose(() => {
        closes++;
        resolve();
      }),
    );
    await near.close();
    await closed;
    await far.close();
    expect(closes).toBe(1);
    await near.write(Uint8Array.of(6)); // after the end: nothing to write to, nothing to throw
  });

  it("makes a writer wait who posts more than a window in one turn", async () => {
    const { port1, port2 } = new MessageChannel();
    const [near, far] = [new MessagePortPipe(port1), new MessagePortPipe(port2)];
    cleanups.push(
      () => near.close(),
      () => far.close(),
    );
    let isReady = false;
    await near.write(new Uint8Array(200 * 1024));
    void near.write(new Uint8Array(200 * 1024)).then(() => (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(isReady).toBe(true);
  });
});

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return socket;
}
const portOf = (socket: Socket): number => (socket.address() as AddressInfo).port;

describe("UDP", () => {
  it("opens a device on loopback sockets and ignores strangers", async () => {
    const [data, reset, stranger] = [await bound(), await bound(), await bound()];
    let host: AddressInfo | undefined;
    const behaviour = new ScriptedBoard();
    const board = new BoardDouble(systemClock, behaviour, (datagram) => {
      if (host !== undefined) data.send(datagram, host.port, host.address);
    });
    for (const [port, socket] of [["data", data] as const, ["reset", reset] as const]) {
      socket.on("message", (message, from) => {
        host = { address: from.address, port: from.port, family: from.family };
        board.datagram(port, message);
      });
    }
    const url = `udp://127.0.0.1:${portOf(data)}?reset=${portOf(reset)}`;
    const address = { host: "127.0.0.1", port: portOf(data), resetPort: portOf(reset) };
    const transport = await openUdpTransport(url, address);
    const device = await connectDevice(transport, { clock: systemClock, logger: silentLogger });
    cleanups.push(() => device.close());
    stranger.send(Uint8Array.of(0, 0, 0, 0), host!.port, host!.address);
    const session = await device.openSession();
    const builder = session.program().write(CapMemCell, CapMemCellOnDls.at(5), { value: 321 });
    const ticket = builder.read(CapMemCell, CapMemCellOnDls.at(5));
    await session.run(builder.build());
    expect(ticket.get()).toMatchObject({ value: 321 });
    expect(device.identity.url).toBe(url);
    expect(device.health.arq.staleAcks).toBe(0);
  });

  it("gives Disconnected for a host that does not exist", async () => {
    const opening = openUdpTransport("udp://x", { host: "no-such-host.invalid" });
    await expect(opening).rejects.toMatchObject({ _tag: "Disconnected" });
  });
});

describe("serial", () => {
  let last: SerialPortMock | undefined;
  class Port extends SerialPortMock {
    constructor(options: { path: string; baudRate: number; autoOpen: boolean }) {
      super(options);
      last = this;
    }
  }
  const address = { path: "/dev/mock0", baud: 3_000_000 };
  afterEach(() => SerialPortMock.binding.reset());

  it("moves bytes both ways, untouched", async () => {
    SerialPortMock.binding.createPort(address.path, { record: true });
    const pipe = await openSerialPipe("serial:///dev/mock0", address, Port);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    await pipe.write(all);
    await new Promise<void>((resolve) => last!.drain(() => resolve()));
    expect([...last!.port!.recording]).toEqual([...all]);
    const got: number[] = [];
    last!.port!.emitData(Buffer.from(all));
    await new Promise<void>((resolve) =>
      pipe.onData((chunk) => {
        got.push(...chunk);
        if (got.length >= 256) resolve();
      }),
    );
    expect(got).toEqual([...all]);
    await pipe.close();
    await pipe.close();
  });

  it("gives Disconnected for a port that is missing, and once for a device that is lost", async () => {
    const byId = { id: "FT1", baud: 9600 };
    await expect(openSerialPipe("serial:?id=FT1", byId, Port)).rejects.toMatchObject({ _tag: "Disconnected" });
    SerialPortMock.binding.createPort("/dev/mock7");
    const id = (await Port.list())[0]!.serialNumber!;
    const found = await openSerialPipe(`serial:?id=${id}`, { ...byId, id }, Port);
    expect(last!.path).toBe("/dev/mock7");
    await found.close();
    const opening = openSerialPipe("serial:///dev/none", { ...address, path: "/dev/none" }, Port);
    await expect(opening).rejects.toMatchObject({ _tag: "Disconnected" });
    SerialPortMock.binding.createPort(address.path);
    const pipe = await openSerialPipe("serial:///dev/mock0", address, Port);
    const losses: unknown[] = [];
    pipe.onClose((error) => losses.push(error));
    last!.emit("error", new Error("bad file descriptor"));
    last!.emit("error", new Error("again"));
    expect(losses).toHaveLength(1);
    expect(losses[0]).toMatchObject({ _tag: "Disconnected" });
    await pipe.close();
  });
});
