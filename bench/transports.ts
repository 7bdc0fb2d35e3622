/**
 * Throughput and latency of the ways to a board, each beside what the system gives to bare sockets and bytes in the same
 * run: bulk words through the link (nobody executes them), and small programs on a virtual board that is a process of
 * its own. `--device URL` adds the programs of a board of yours.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SerialPort } from "serialport";
import { openDevice } from "../src/api/index.js";
import { deferred } from "../src/base/async.js";
import { systemClock } from "../src/base/clock.js";
import { silentLogger } from "../src/base/log.js";
import { Rng } from "../src/base/rng.js";
import { CapMemCell, CapMemCellOnDls, type Session } from "../src/device/interface/index.js";
import { ArqLink } from "../src/device/link/arq-link.js";
import { PipeTransport } from "../src/device/transport/pipe-transport.js";
import { openSerialPipe } from "../src/device/transport/serial.js";
import type { DatagramTransport } from "../src/device/transport/transport.js";
import { openUdpTransport } from "../src/device/transport/udp.js";
import { type Bench, type BenchRow, median, row } from "./harness.js";
import { rawAckEvery, rawDatagramBytes, rawWindow } from "./transports/raw.js";

const bulkWords = 2_000_000;
const repeats = 5;
const smallPrograms = 2000;
const warmUpPrograms = 200;
const programWrites = 100_000;
/** Silence after which raw datagrams under way count as lost, ms. */
const rawSilenceMs = 200;
/** One chunk that the terminal takes whole: bare writes of more, which it takes in parts, came to a standstill. */
const rawPtyWindow = 2048;
/** A pseudo-terminal is slower by far. */
const serialWords = bulkWords / 8;

const here = fileURLToPath(new URL(".", import.meta.url));

interface Child {
  readonly place: Record<string, unknown>;
  stop(): Promise<void>;
}

async function start(file: string, args: readonly string[]): Promise<Child> {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout === null) throw new Error("no stdout");
  const lines = createInterface(child.stdout);
  const [line] = (await once(lines, "line")) as [string];
  return {
    place: JSON.parse(line) as Record<string, unknown>,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

const startPeer = (mode: string, ...args: string[]): Promise<Child> =>
  start(join(here, "transports/peer.js"), [mode, ...args]);
const startBoard = (...args: string[]): Promise<Child> =>
  start(fileURLToPath(new URL("../../bin/hxloop.mjs", import.meta.url)), ["board", "--json", ...args]);

/** Median seconds of some runs after one to warm up. */
async function seconds(work: () => Promise<void>): Promise<number> {
  await work();
  const all: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const from = performance.now();
    await work();
    all.push((performance.now() - from) / 1000);
  }
  return median(all);
}

interface Rates {
  /** MB/s. */
  readonly up: number;
  readonly down?: number;
  /** ms, there and back. */
  readonly latency?: number;
}

/** The limit of the link over UDP: its datagrams, its window and its acknowledgements between the same two processes. */
async function udpRaw(): Promise<Rates> {
  const peer = await startPeer("udp-raw");
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  socket.connect(Number(peer.place.port), "127.0.0.1");
  await once(socket, "connect");
  const count = rawAckEvery * Math.ceil((8 * bulkWords) / rawDatagramBytes / rawAckEvery);
  const datagram = new Uint8Array(rawDatagramBytes);
  let onMessage: () => void = () => {};
  socket.on("message", () => onMessage());
  /** A datagram that is lost is not sent again: after a silence, what is under way counts as lost. */
  const whole = async (go: (step: () => void) => void, lost: () => void): Promise<void> => {
    const done = deferred<void>();
    let quiet = 0;
    const alarm = setInterval(() => {
      if (++quiet > 2) lost();
    }, rawSilenceMs);
    go(() => {
      quiet = 0;
    });
    onDone = () => done.resolve();
    await done.promise;
    clearInterval(alarm);
  };
  let onDone: () => void = () => {};
  const up = await seconds(async () => {
    let sent = 0;
    let answered = 0;
    const fill = (): void => {
      for (; sent < count && sent - answered < rawWindow; sent++) socket.send(datagram);
      if (answered >= count) onDone();
    };
    await whole(
      (step) => {
        onMessage = () => {
          step();
          answered += rawAckEvery;
          fill();
        };
        // Begins anew, also where a datagram was lost before.
        socket.send(new Uint8Array(8));
        fill();
      },
      () => {
        answered = sent;
        fill();
      },
    );
  });
  const down = await seconds(async () => {
    let got = 0;
    const ask = new Uint8Array(8);
    await whole(
      (step) => {
        onMessage = () => {
          step();
          if (++got % rawAckEvery === 0) socket.send(datagram.subarray(0, 4));
          if (got >= count) onDone();
        };
        new DataView(ask.buffer).setUint32(0, count);
        socket.send(ask);
      },
      () => {
        new DataView(ask.buffer).setUint32(0, count - got);
        socket.send(ask);
      },
    );
  });
  const small = new Uint8Array(20);
  const times: number[] = [];
  for (let i = 0; i < smallPrograms; i++) {
    const back = deferred<void>();
    onMessage = () => back.resolve();
    const from = performance.now();
    socket.send(small);
    await back.promise;
    times.push(performance.now() - from);
  }
  socket.close();
  await peer.stop();
  const megabytes = (count * rawDatagramBytes) / 1e6;
  return { up: megabytes / up, down: megabytes / down, latency: median(times) };
}

/** Datagrams as long as the link's, each sent back, the link's window of them under way: MB/s in each direction. */
async function udpEcho(): Promise<number> {
  const peer = await startPeer("udp-echo");
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  socket.connect(Number(peer.place.port), "127.0.0.1");
  await once(socket, "connect");
  const count = Math.ceil((8 * bulkWords) / rawDatagramBytes);
  const datagram = new Uint8Array(rawDatagramBytes);
  let onMessage: () => void = () => {};
  socket.on("message", () => onMessage());
  const time = await seconds(async () => {
    const done = deferred<void>();
    let [sent, back] = [0, 0];
    const fill = (): void => {
      for (; sent < count && sent - back < rawWindow; sent++) socket.send(datagram);
      if (back >= count) done.resolve();
    };
    let heard = 0;
    // A datagram that is lost is not sent again: after a silence, what is under way counts as back.
    const alarm = setInterval(() => {
      if (heard === back) {
        back = sent;
        fill();
      }
      heard = back;
    }, rawSilenceMs);
    onMessage = () => {
      back++;
      fill();
    };
    fill();
    await done.promise;
    clearInterval(alarm);
  });
  socket.close();
  await peer.stop();
  return (count * rawDatagramBytes) / time / 1e6;
}

async function openPort(path: string): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 3_000_000, autoOpen: false });
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
  return port;
}

async function ptyRaw(scratch: string): Promise<Rates> {
  const path = join(scratch, "raw");
  const peer = await startPeer("pty-raw", path);
  const port = await openPort(path);
  const chunk = Buffer.alloc(rawPtyWindow, 2);
  const total = Math.ceil((8 * serialWords) / chunk.length);
  let onBytes: (count: number) => void = () => {};
  port.on("data", (bytes: Uint8Array) => onBytes(bytes.length));
  const up = await seconds(async () => {
    const done = deferred<void>();
    let sent = 0;
    let answered = 0;
    const fill = (): void => {
      for (; sent < total && (sent - answered) * chunk.length < rawPtyWindow; sent++) port.write(chunk);
    };
    onBytes = (count) => {
      answered += count;
      if (answered >= total) done.resolve();
      else fill();
    };
    fill();
    await done.promise;
  });
  const times: number[] = [];
  for (let i = 0; i < smallPrograms; i++) {
    const back = deferred<void>();
    let got = 0;
    onBytes = (count) => {
      got += count;
      if (got >= 20) back.resolve();
    };
    const from = performance.now();
    port.write(Buffer.alloc(20, 3));
    await back.promise;
    times.push(performance.now() - from);
  }
  await new Promise<void>((done) => port.close(() => done()));
  await peer.stop();
  return { up: (total * chunk.length) / up / 1e6, latency: median(times) };
}

/** Bulk words through the link alone. */
async function linkRates(transport: DatagramTransport, words: number): Promise<Rates> {
  const link = new ArqLink(transport, { clock: systemClock, logger: silentLogger, rng: Rng.fromSeed(1) });
  let onWords: (count: number) => void = () => {};
  link.setListener({ onWords: (bytes) => onWords(bytes.length / 8), onEnd() {} });
  await link.open();
  const transfer = async (up: number, down: number): Promise<void> => {
    const done = deferred<void>();
    let got = 0;
    onWords = (count) => {
      got += count;
      if (got >= down) done.resolve();
    };
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, up);
    new DataView(head.buffer).setUint32(4, down);
    link.send(head);
    const slice = 64 * 180;
    for (let at = 0; at < up; at += slice) {
      link.send(new Uint8Array(8 * Math.min(slice, up - at)));
      await link.drained();
    }
    await done.promise;
  };
  const up = await seconds(() => transfer(words, 1));
  const down = await seconds(() => transfer(1, words));
  await link.close();
  return { up: (8 * words) / up / 1e6, down: (8 * words) / down / 1e6 };
}

interface ProgramRates {
  readonly emptyMs: number;
  readonly writesPerSecond: number;
}

async function programRates(url: string): Promise<ProgramRates> {
  const device = await openDevice(url);
  const session = await device.openSession();
  const times: number[] = [];
  for (let i = 0; i < warmUpPrograms; i++) await session.run(session.program().build());
  for (let i = 0; i < smallPrograms; i++) {
    const from = performance.now();
    await session.run(session.program().build());
    times.push(performance.now() - from);
  }
  const bulk = await seconds(() => writes(session));
  await device.close();
  return { emptyMs: median(times), writesPerSecond: programWrites / bulk };
}

async function writes(session: Session): Promise<void> {
  const builder = session.program();
  for (let i = 0; i < programWrites; i++)
    builder.write(CapMemCell, CapMemCellOnDls.at(i % CapMemCellOnDls.size), { value: i % 1023 });
  await session.run(builder.build());
}

function rowsOf(name: string, link: Rates, programs: ProgramRates, raw: Rates, rawName: string): BenchRow[] {
  const limit = { name: rawName, value: raw.up };
  const downLimit = { name: rawName, value: raw.down ?? raw.up };
  return [
    row(`${name}: bulk to the board, link alone`, link.up, "MB/s", "more", limit),
    row(`${name}: bulk to the host, link alone`, link.down ?? 0, "MB/s", "more", downLimit),
    row(`${name}: empty program, there and back`, programs.emptyMs, "ms", "less", {
      name: rawName,
      value: raw.latency ?? Number.NaN,
    }),
    row(`${name}: CapMem writes, built, sent, executed`, programs.writesPerSecond / 1e3, "thousand/s", "more"),
  ];
}

async function udpRows(note: (line: string) => void): Promise<BenchRow[]> {
  note("UDP: raw");
  const raw = await udpRaw();
  const echo = { name: "raw UDP echo", value: await udpEcho() };
  note("UDP: link");
  const peer = await startPeer("udp-link");
  const { port, resetPort } = peer.place as { port: number; resetPort: number };
  const transport = await openUdpTransport("udp:bench", { host: "127.0.0.1", port, resetPort });
  const link = await linkRates(transport, bulkWords);
  await peer.stop();
  note("UDP: programs");
  const board = await startBoard("--port", "0", "--reset-port", "0");
  const programs = await programRates(String(board.place.url));
  await board.stop();
  return [
    row("UDP: bulk to the board, beside an echo", link.up, "MB/s", "more", echo),
    row("UDP: bulk to the host, beside an echo", link.down ?? 0, "MB/s", "more", echo),
    ...rowsOf("UDP", link, programs, raw, "raw UDP"),
  ];
}

async function serialRows(note: (line: string) => void): Promise<BenchRow[]> {
  const scratch = mkdtempSync(join(tmpdir(), "hxloop-bench-"));
  try {
    note("serial: raw");
    const raw = await ptyRaw(scratch);
    note("serial: link");
    const path = join(scratch, "link");
    const peer = await startPeer("pty-link", path);
    const pipe = await openSerialPipe("serial:bench", { path, baud: 12_000_000 });
    const link = await linkRates(new PipeTransport("serial:bench", pipe, { clock: systemClock }), serialWords);
    await peer.stop();
    note("serial: programs");
    const board = await startBoard("--serial", join(scratch, "board"));
    const programs = await programRates(String(board.place.url));
    await board.stop();
    return rowsOf("serial", link, programs, raw, "raw PTY");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function plainRows(name: string, url: string): Promise<BenchRow[]> {
  const { emptyMs, writesPerSecond } = await programRates(url);
  return [
    row(`${name}: empty program, there and back`, emptyMs, "ms", "less"),
    row(`${name}: CapMem writes, built, sent, executed`, writesPerSecond / 1e3, "thousand/s", "more"),
  ];
}

export const transportsBench: Bench = {
  name: "transports",
  about: `${(8 * bulkWords) / 1e6} MB through the link (${(8 * serialWords) / 1e6} MB on a serial line), ${smallPrograms} small programs, by every way to a board`,
  async run(note) {
    const rows = [...(await plainRows("worker thread", "virtual:?chip=1")), ...(await udpRows(note))];
    try {
      rows.push(...(await serialRows(note)));
    } catch (error) {
      note(`no serial line: ${error instanceof Error ? error.message : String(error)}`);
    }
    const at = process.argv.indexOf("--device");
    const url = at < 0 ? undefined : process.argv[at + 1];
    if (url !== undefined) rows.push(...(await plainRows(url, url)));
    return rows;
  },
};
