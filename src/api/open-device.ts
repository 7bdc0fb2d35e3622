/**
 * The root that makes a device of a URL: the only place that knows both the driver and where the virtual board's worker
 * lies. The worker speaks the same protocol as a board on a wire, in datagrams through shared memory, or over a line that
 * cuts its bytes anew.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import type { VirtualBoardOptions } from "../../firmware-sim/board-options.js";
import { systemClock } from "../base/clock.js";
import { type Logger, silentLogger } from "../base/log.js";
import type { BytePipe } from "../base/pipe.js";
import { Rng } from "../base/rng.js";
import { type ConnectedDevice, type ConnectOptions, connectDevice, type LinkHealth } from "../device/connect.js";
import { AccessDenied, Disconnected, UnsupportedTarget } from "../device/errors.js";
import { connectGateway } from "../device/gateway/gateway-device.js";
import type { Device } from "../device/interface/index.js";
import { type ArqOptions, defaultArqOptions } from "../device/link/arq-options.js";
import { poolDevices } from "../device/pool.js";
import { MessagePortPipe } from "../device/transport/message-port-pipe.js";
import { PipeTransport } from "../device/transport/pipe-transport.js";
import { RechunkingPipe } from "../device/transport/rechunking-pipe.js";
import { type CaptureSink, RecordingTransport } from "../device/transport/record.js";
import { allocateRings, SharedMemoryTransport } from "../device/transport/shared-memory.js";
import type { DatagramTransport } from "../device/transport/transport.js";
import { openUdpTransport } from "../device/transport/udp.js";
import { type DeviceAddress, type GatewayAddress, parseDeviceUrl, type VirtualKnobs } from "../device/url.js";
import { boardKernels } from "../kernels/load.js";
import { firstWindowBytes } from "../protocol/serial-frame.js";

/** A device and its end; one with a wire of its own also tells how that is. */
export interface OpenedDevice extends Device {
  /** Health of the link; undefined behind a gateway, which has the link. */
  readonly health?: LinkHealth;
}

export interface OpenDeviceOptions {
  /** Ends the opening; a device that is open is ended by `close`. */
  readonly signal?: AbortSignal;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Records every datagram of both directions. */
  readonly capture?: CaptureSink;
  /** Who we are to a gateway; default: the environment's HXLOOP_TOKEN. */
  readonly token?: string;
  /** `threads` of virtual boards whose URL does not say. Default 1. */
  readonly virtualThreads?: number;
}

/** A worker must start and load the chip before it can answer the link's reset, ms. Our choice. */
const workerStartLimitMs = 30_000;

/**
 * Open a device by its URL (`virtual:?chip=1`, `udp://host`, `serial:///dev/ttyUSB0`, `https://gateway/boards/0`).
 * @throws UnsupportedTarget, FieldOutOfRange, LinkTimeout, Disconnected, AccessDenied, signal.reason
 */
export async function openDevice(url: string, options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  const address = parseDeviceUrl(url);
  options.signal?.throwIfAborted();
  if (address.scheme === "gateway") return await openAtGateway(url, address, options);
  const threads = address.scheme === "virtual" ? threadsOf(address.knobs, options.virtualThreads) : 1;
  if (threads === 1) return await openOne(url, address, options);
  return await openTogether(
    Array.from({ length: threads }, () => openOne(url, address, options)),
    url,
  );
}

/** Faults and `wire=line` are of one line, and a user of them wants one. */
function threadsOf({ threads, wire, faults }: VirtualKnobs, otherwise = 1): number {
  return threads ?? (wire === "line" || faults !== undefined ? 1 : otherwise);
}

/** Several boards of one kind as one device. @throws what the openings throw, and then none is left open */
export async function openTogether(openings: readonly Promise<OpenedDevice>[], url?: string): Promise<OpenedDevice> {
  const settled = await Promise.allSettled(openings);
  const devices = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = settled.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return poolDevices(devices, url);
  } catch (error) {
    await Promise.all(devices.map((device) => device.close()));
    throw error;
  }
}

/** Open a device that has a wire of its own. @throws UnsupportedTarget for one behind a gateway, those of `openDevice` */
export async function openBoard(url: string, options: OpenDeviceOptions = {}): Promise<ConnectedDevice> {
  const address = parseDeviceUrl(url);
  if (address.scheme === "virtual" && (address.knobs.threads ?? 1) > 1)
    throw new UnsupportedTarget(url, "one board is wanted here; leave threads out");
  return await openOne(url, address, options);
}

async function openOne(url: string, address: DeviceAddress, options: OpenDeviceOptions): Promise<ConnectedDevice> {
  const { signal, logger = silentLogger, capture } = options;
  signal?.throwIfAborted();
  const recorder = capture?.board(url);
  const wire = await openTransport(url, address);
  const transport = recorder === undefined ? wire : new RecordingTransport(wire, recorder);
  const connect: ConnectOptions = {
    clock: systemClock,
    logger,
    rng: Rng.fromSeed(0).fork(url),
    ...(signal === undefined ? {} : { signal }),
    arq: arqOptions(address),
    ...(address.scheme === "virtual" ? { startLimitMs: workerStartLimitMs } : {}),
  };
  const device = await connectDevice(transport, connect);
  const { boardId, bitfileInfo } = device.identity;
  recorder?.identify(`board ${boardId}\n${bitfileInfo.trim()}`);
  return device;
}

async function openAtGateway(
  url: string,
  { base, board, tokenFile, patience }: GatewayAddress,
  { signal, logger = silentLogger, capture, token }: OpenDeviceOptions,
): Promise<OpenedDevice> {
  const recorder = capture?.board(url);
  const device = await connectGateway({
    url,
    base,
    board,
    clock: systemClock,
    logger,
    signal,
    recorder,
    token: token ?? (tokenFile === undefined ? process.env.HXLOOP_TOKEN || undefined : await readToken(tokenFile)),
    ...(patience === undefined ? {} : { http: { patienceMs: 1000 * patience } }),
    drawId: () => randomBytes(16).toString("hex"),
  });
  const { boardId, bitfileInfo } = device.identity;
  recorder?.identify(`board ${boardId} behind a gateway\n${bitfileInfo.trim()}`);
  return device;
}

/** @throws AccessDenied when the file cannot be read */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw new AccessDenied(path, `the token cannot be read: ${(cause as Error).message}`);
  }
}

async function openTransport(url: string, address: DeviceAddress): Promise<DatagramTransport> {
  switch (address.scheme) {
    case "gateway":
      throw new UnsupportedTarget(url, "a board with a wire of its own is wanted here, not one behind a gateway");
    case "virtual":
      return openVirtualBoard(url, address.knobs);
    case "udp":
      return await openUdpTransport(url, address);
    case "serial": {
      // The native binding is loaded only by those who have a serial line.
      const { openSerialPipe } = await import("../device/transport/serial.js");
      const pipe = await openSerialPipe(url, address);
      return new PipeTransport(url, pipe, { clock: systemClock, byteMs: byteMsAt(address.baud), keepAlive: true });
    }
  }
}

/** Start, eight bits, stop. */
const bitsPerByte = 10;

/** @param baud bits per second @returns time of one byte on the line, ms */
function byteMsAt(baud: number): number {
  return (1000 * bitsPerByte) / baud;
}

/** How the link waits on this wire. */
function arqOptions(address: DeviceAddress): Partial<ArqOptions> {
  // The system tells of the end of a worker.
  if (address.scheme === "virtual") return { silenceLimitMs: 0 };
  const waits = address.scheme === "serial" ? serialArq(address.baud) : {};
  const alive = "alive" in address ? address.alive : undefined;
  return { ...waits, ...(alive === undefined ? {} : { silenceLimitMs: 1000 * alive }) };
}

/** On a serial line: longer than the bytes that may be ahead of an answer take. */
function serialArq(baud: number): Partial<ArqOptions> {
  const { resendIntervalMs, giveUpAfter, silenceLimitMs } = defaultArqOptions;
  const interval = resendIntervalMs + 2 * firstWindowBytes * byteMsAt(baud);
  const limitMs = resendIntervalMs * giveUpAfter;
  return {
    resendIntervalMs: interval,
    giveUpAfter: Math.max(40, Math.ceil(limitMs / interval)),
    silenceLimitMs: silenceLimitMs + 20 * firstWindowBytes * byteMsAt(baud),
  };
}

/** Worker threads run compiled code; from sources, as in tests, the build's output is used. */
function workerFile(): URL {
  const isSource = import.meta.url.endsWith(".ts");
  return new URL(`../../${isSource ? "dist/" : ""}firmware-sim/listen/worker.js`, import.meta.url);
}

/** Start board and chip in a worker thread. Closing the transport ends the worker. */
function openVirtualBoard(url: string, knobs: VirtualKnobs): DatagramTransport {
  const { port1, port2 } = new MessageChannel();
  const options = virtualBoardOptions(knobs);
  // Faults flip bits of a line, and are found by the checksum of its frames.
  const isLine = knobs.wire === "line" || knobs.faults !== undefined;
  const rings = isLine ? undefined : allocateRings();
  const worker = new Worker(workerFile(), { workerData: { port: port2, options, rings }, transferList: [port2] });
  const wire = rings
    ? new SharedMemoryTransport(url, port1, rings, async () => void (await worker.terminate()))
    : new MessagePortPipe(port1);
  worker.on("error", (cause) =>
    wire.fail(new Disconnected(url, `the virtual board failed: ${cause.message}`, { cause })),
  );
  worker.on("exit", (code) => wire.fail(new Disconnected(url, `the virtual board ended with code ${code}`)));
  return wire instanceof SharedMemoryTransport ? wire : lineTransport(url, wire, worker, knobs.chip);
}

/** A line whose bytes are cut and joined anew, by seed. */
function lineTransport(url: string, pipe: BytePipe, worker: Worker, seed: number): DatagramTransport {
  const rechunked = new RechunkingPipe(pipe, Rng.fromSeed(seed).fork("rechunking"));
  const line: BytePipe = {
    write: (bytes) => rechunked.write(bytes),
    onData: (listener) => rechunked.onData(listener),
    onClose: (listener) => rechunked.onClose(listener),
    close: async () => {
      await rechunked.close();
      await worker.terminate();
    },
  };
  return new PipeTransport(url, line, { clock: systemClock });
}

/** The URL's knobs in the board's terms: what is not given is left to the preset. */
function virtualBoardOptions({
  chip,
  preset,
  faults,
  faultSeed,
  wire: _wire,
  threads: _threads,
  ...factors
}: VirtualKnobs): VirtualBoardOptions {
  const given = Object.entries(factors).filter(([, factor]) => factor !== undefined);
  const bad = faults && { faults, ...(faultSeed === undefined ? {} : { faultSeed }) };
  return { chip, preset, knobs: Object.fromEntries(given), ...bad, ...boardKernels() };
}
