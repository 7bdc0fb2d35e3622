import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { serveBoardOnPipe } from "../../firmware-sim/listen/pipe.js";
import { serveBoardOnUdp } from "../../firmware-sim/listen/udp.js";
import { sleep } from "../../src/base/async.js";
import { systemClock } from "../../src/base/clock.js";
import { createPipePair } from "../../src/base/pipe-pair.js";
import { Rng } from "../../src/base/rng.js";
import { encodeSerialFrame, packetType, SerialDeframer } from "../../src/protocol/index.js";
import { HostDouble } from "./support/host-double.js";
import { Receiver } from "./support/receiver.js";
import { read, words, write } from "./support/words.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function until(what: string, condition: () => boolean, limitMs = 5000): Promise<void> {
  const start = systemClock.now();
  while (!condition()) {
    if (systemClock.now() - start > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await sleep(systemClock, 2);
  }
}

/** Writes and reads some words; ends with a halt. */
const program = (value: number) =>
  words((to) => {
    for (let i = 0; i < 1000; i++) write(to, 0x0014_0000 + 32 * (i % 128), value);
    read(to, 0x0014_0000);
    to.barrier(1);
    to.loopback(false);
  });

async function runOnce(host: HostDouble, value: number): Promise<void> {
  const before = host.received.length;
  host.send(program(value));
  const answers = () => {
    const receiver = new Receiver();
    for (const payload of host.received.slice(before)) receiver.push(payload);
    return receiver.answers;
  };
  await until("the halt", () => answers().at(-1)?.kind === "halt");
  expect(answers()).toMatchObject([{ kind: "omnibusData", value }, { kind: "halt" }]);
}

describe("the board on a byte pipe", () => {
  it("serves a host over a line that cuts chunks anywhere, sends rubbish and loses frames", async () => {
    const [hostEnd, boardEnd] = createPipePair({ rng: Rng.fromSeed(21) });
    const listener = serveBoardOnPipe(boardEnd, { chip: 1, preset: "ideal" }, systemClock);
    cleanups.push(() => hostEnd.close());
    const rng = Rng.fromSeed(22);
    // The board may still speak while the pipe is being closed.
    const write = (bytes: Uint8Array): void => void hostEnd.write(bytes).catch(() => undefined);
    const host = new HostDouble((port, datagram) => {
      const frame = encodeSerialFrame(port, datagram);
      if (rng.int(10) === 0) frame[rng.int(frame.length)] = 1 + rng.int(255);
      if (rng.int(20) === 0) write(Uint8Array.from({ length: rng.int(50) }, () => rng.int(256)));
      write(frame);
    });
    const deframer = new SerialDeframer((channel, payload) => {
      if (channel === "data") host.receive(payload);
      else if (channel === "mark") write(encodeSerialFrame("credit", Uint8Array.of(...payload, 0, 0, 0x40, 0)));
    });
    hostEnd.onData((chunk) => deframer.push(chunk));
    const ticking = setInterval(() => (host.isOpen ? host.tick() : host.reset()), 10);
    cleanups.push(() => clearInterval(ticking));
    await until("the reset answer", () => host.isOpen);
    for (const value of [3, 700, 1022]) await runOnce(host, value);
    const { discarded, executor } = listener.counters;
    expect(discarded.checksum + discarded.coding + discarded.short).toBeGreaterThan(0);
    expect(executor).toMatchObject({ timeouts: 0, illegalWords: 0 });
  });
});

/** A host on a UDP socket of its own. */
async function udpHost(ports: { dataPort: number; resetPort: number }): Promise<HostDouble & { socket: Socket }> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const host = new HostDouble((port, datagram) =>
    socket.send(datagram, port === "data" ? ports.dataPort : ports.resetPort, "127.0.0.1"),
  );
  socket.on("message", (datagram, from) => {
    // Clients of the field connect their socket to the data port and hear nothing else.
    if (from.port === ports.dataPort) host.receive(datagram);
  });
  cleanups.push(() => new Promise<void>((done) => socket.close(() => done())));
  return Object.assign(host, { socket });
}

describe("the board on UDP", () => {
  const start = async () => {
    const listener = await serveBoardOnUdp({ chip: 1, preset: "ideal" }, systemClock, { dataPort: 0, resetPort: 0 });
    cleanups.push(() => listener.close());
    return listener;
  };

  it("answers from its data port: reset, echo, programs", async () => {
    const listener = await start();
    const host = await udpHost(listener);
    host.reset();
    await until("the reset answer", () => host.isOpen);
    host.send(new Uint8Array(8).fill(9), 180, packetType.loopback);
    await until("the echo", () => host.echoes === 1);
    await runOnce(host, 42);
    expect(listener.counters.executor.timeouts).toBe(0);
  });

  it("goes to the host of the newest reset; the one before is heard no more", async () => {
    const listener = await start();
    const first = await udpHost(listener);
    first.reset();
    await until("the first host's answer", () => first.isOpen);
    await runOnce(first, 1);
    const second = await udpHost(listener);
    // Not a reset: nobody loses the board to it.
    second.socket.send(new Uint8Array(4), listener.resetPort, "127.0.0.1");
    await runOnce(first, 2);
    second.reset();
    await until("the second host's answer", () => second.isOpen);
    first.send(program(77));
    await runOnce(second, 3);
    await until("the stranger's frames", () => listener.counters.strangers > 0);
    expect(listener.counters.link).toMatchObject({ resets: 2, badResets: 1 });
  });

  it("says when a port is taken, and lets go of the other", async () => {
    const listener = await start();
    const taken = serveBoardOnUdp({ chip: 1 }, systemClock, { dataPort: 0, resetPort: listener.resetPort });
    await expect(taken).rejects.toMatchObject({
      _tag: "AddressTaken",
      message: expect.stringContaining(`reset port 127.0.0.1:${listener.resetPort}: in use`),
    });
  });
});
