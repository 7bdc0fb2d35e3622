/**
 * The board on UDP, as the boards of the field are reached: a data port and a reset port; answers leave from the data
 * port. It serves one host, the one that sent the last reset; data from anybody else is counted and dropped.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Clock } from "../../src/base/clock.js";
import { hostArq } from "../../src/protocol/index.js";
import { type BoardCounters, type BoardWire, VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";

export interface UdpListenOptions {
  /** Address to listen at. Default 127.0.0.1. */
  readonly host?: string;
  /** Default 1234; 0 takes a free port. */
  readonly dataPort?: number;
  /** Default 45054; 0 takes a free port. */
  readonly resetPort?: number;
}

export interface UdpListener {
  readonly host: string;
  readonly dataPort: number;
  readonly resetPort: number;
  readonly counters: BoardCounters & {
    /** Datagrams of hosts that do not hold the board. */
    readonly strangers: number;
    /** Datagrams that the system did not take. */
    readonly sendErrors: number;
  };
  close(): Promise<void>;
}

/** Room for the frames of a full window in both directions (the clients of the field ask for 10 MB). */
const socketBufferBytes = 1 << 20;
/** Sends under way at which the socket counts as congested. */
const maxSends = 256;

async function bind(port: number, address: string): Promise<Socket> {
  const socket = createSocket({ type: "udp4", recvBufferSize: socketBufferBytes, sendBufferSize: socketBufferBytes });
  socket.bind(port, address);
  // `once` rejects when the socket reports an error instead.
  await once(socket, "listening");
  return socket;
}

/**
 * Serve one board until closed.
 * @throws FieldOutOfRange for an imperfection outside 0..10; the system's error when a port cannot be had
 */
export async function serveBoardOnUdp(
  options: VirtualBoardOptions,
  clock: Clock,
  { host = "127.0.0.1", dataPort = hostArq.dataPort, resetPort = hostArq.resetPort }: UdpListenOptions = {},
): Promise<UdpListener> {
  let client: RemoteInfo | undefined;
  let strangers = 0;
  let sendErrors = 0;
  let sends = 0;
  let isClosed = false;
  const isClient = (from: RemoteInfo): boolean => from.port === client?.port && from.address === client.address;

  const data = await bind(dataPort, host);
  const reset = await bind(resetPort, host).catch((error: unknown) => {
    data.close();
    throw error;
  });
  const wire: BoardWire = {
    transmit(datagram) {
      if (!client || isClosed) return;
      sends++;
      data.send(datagram, client.port, client.address, (error) => {
        sends--;
        if (error) sendErrors++;
      });
    },
    get isCongested() {
      return sends > maxSends;
    },
  };
  const board = new VirtualBoard(options, wire, clock);
  data.on("message", (datagram, from) => {
    if (isClient(from)) board.receive("data", datagram);
    else strangers++;
  });
  reset.on("message", (datagram, from) => {
    const { resetBytes } = hostArq;
    // Only a true reset moves the board to another host.
    if (datagram.length === resetBytes.length && resetBytes.every((byte, i) => byte === datagram[i])) client = from;
    board.receive("reset", datagram);
  });
  // A host that has gone may answer with "port unreachable"; the link notices by itself.
  for (const socket of [data, reset]) socket.on("error", () => void sendErrors++);
  return {
    host,
    dataPort: data.address().port,
    resetPort: reset.address().port,
    get counters() {
      return { ...board.counters, strangers, sendErrors };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      board.close();
      await Promise.all([data, reset].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    },
  };
}
