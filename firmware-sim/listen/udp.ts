/**
 * The board on UDP, as the boards of the field are reached: a data port and a reset port; answers leave from the data
 * port. It serves one host, the one that sent the last reset; data from anybody else is counted and dropped.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { isIP, isIPv6 } from "node:net";
import type { Clock } from "../../src/base/clock.js";
import { hostArq } from "../../src/protocol/index.js";
import { type BoardCounters, type BoardWire, VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { AddressTaken } from "../errors.js";
import { DatagramFaults } from "./datagram-faults.js";

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
    /** Present when there are faults on the wire. */
    readonly faults?: DatagramFaults["counters"];
  };
  close(): Promise<void>;
}

/** Room for the frames of a full window in both directions (the clients of the field ask for 10 MB). */
const socketBufferBytes = 1 << 20;
/** Sends under way at which the socket counts as congested. */
const maxSends = 256;

const numberAsItIs: SocketOptions["lookup"] = (number, _options, found) => found(null, number, isIP(number));

/** @throws AddressTaken */
async function bind(port: number, address: string, what: string): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? "udp6" : "udp4",
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
    // Hosts have sent from their addresses, and ours is a number: the resolver would cost each datagram a turn.
    ...(isIP(address) === 0 ? {} : { lookup: numberAsItIs }),
  });
  try {
    // `once` rejects when the socket reports an error instead; `bind` may be done before it returns.
    const listening = once(socket, "listening");
    socket.bind(port, address);
    await listening;
    return socket;
  } catch (cause) {
    socket.close();
    const { code, message } = cause as NodeJS.ErrnoException;
    const why =
      {
        EADDRINUSE: `in use by another process; choose another ${what}, 0 takes a free one`,
        EACCES: `not allowed; choose a ${what} above 1023`,
        EADDRNOTAVAIL: "this machine does not have the address",
      }[code ?? ""] ?? message;
    throw new AddressTaken(`${what} ${address}:${port}`, why, { cause });
  }
}

/**
 * Serve one board until closed.
 * @throws FieldOutOfRange for an imperfection outside 0..10; AddressTaken
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

  const data = await bind(dataPort, host, "data port");
  const reset = await bind(resetPort, host, "reset port").catch((error: unknown) => {
    data.close();
    throw error;
  });
  const send = (datagram: Uint8Array): void => {
    if (!client || isClosed) return;
    sends++;
    data.send(datagram, client.port, client.address, (error) => {
      sends--;
      if (error) sendErrors++;
    });
  };
  const faults =
    options.faults &&
    new DatagramFaults(options.faults, options.faultSeed ?? 0, clock, {
      toHost: send,
      toBoard: (port, datagram) => board.receive(port, datagram),
      restart: () => board.powerCycle(),
    });
  const wire: BoardWire = {
    transmit: (datagram) => (faults ? faults.toHost : send)(datagram.slice()),
    get isCongested() {
      return sends > maxSends;
    },
  };
  const board = new VirtualBoard(options, wire, clock);
  const receive = faults
    ? faults.toBoard
    : (port: "data" | "reset", datagram: Uint8Array): void => board.receive(port, datagram);
  data.on("message", (datagram, from) => {
    if (isClient(from)) receive("data", datagram);
    else strangers++;
  });
  reset.on("message", (datagram, from) => {
    const { resetBytes } = hostArq;
    // Only a true reset moves the board to another host.
    if (datagram.length === resetBytes.length && resetBytes.every((byte, i) => byte === datagram[i])) client = from;
    receive("reset", datagram);
  });
  // A host that has gone may answer with "port unreachable"; the link notices by itself.
  for (const socket of [data, reset]) socket.on("error", () => void sendErrors++);
  return {
    host,
    dataPort: data.address().port,
    resetPort: reset.address().port,
    get counters() {
      return { ...board.counters, strangers, sendErrors, ...(faults && { faults: faults.counters }) };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      faults?.close();
      board.close();
      await Promise.all([data, reset].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    },
  };
}
