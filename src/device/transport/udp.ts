/**
 * HostARQ datagrams over UDP, as they are. One socket talks to both ports of the board; only what comes from its data
 * port is taken, since the board answers from there (docs/protocol.md, "HostARQ").
 */
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { yieldToEvents } from "../../base/async.js";
import { type DatagramPort, hostArq } from "../../protocol/host-arq.js";
import { Disconnected } from "../errors.js";
import type { DatagramTransport } from "./transport.js";

export interface UdpAddress {
  readonly host: string;
  /** Default 1234. */
  readonly port?: number;
  /** Default 45054. */
  readonly resetPort?: number;
}

/** Socket buffers, bytes, as the official host has them; the system may grant less. */
const socketBuffer = 10 * 1024 * 1024;
/** Datagrams handed to the system and not sent yet, before `drained` waits: half a window. */
const maxUnsent = hostArq.windowSize / 2;

/** @throws Disconnected when the host is unknown or no socket can be had */
export async function openUdpTransport(url: string, address: UdpAddress): Promise<DatagramTransport> {
  try {
    const { address: ip, family } = await lookup(address.host);
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // Addresses are numbers already: asking the resolver would cost each datagram a turn of the event loop.
      lookup: (number, _options, found) => found(null, number, family),
      recvBufferSize: socketBuffer,
      sendBufferSize: socketBuffer,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, () => {
        socket.off("error", reject);
        resolve();
      });
    });
    return new UdpTransport(url, socket, ip, address.port ?? hostArq.dataPort, address.resetPort ?? hostArq.resetPort);
  } catch (error) {
    throw new Disconnected(url, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

class UdpTransport implements DatagramTransport {
  readonly url: string;
  readonly #socket: Socket;
  readonly #ip: string;
  readonly #ports: Readonly<Record<DatagramPort, number>>;
  #closeListener: ((error?: Error) => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(url: string, socket: Socket, ip: string, dataPort: number, resetPort: number) {
    this.url = url;
    this.#socket = socket;
    this.#ip = ip;
    this.#ports = { data: dataPort, reset: resetPort };
    socket.on("error", (error) => {
      this.#closeListener?.(new Disconnected(url, error.message, { cause: error }));
      this.#closeListener = undefined;
    });
  }

  send(port: DatagramPort, datagram: Uint8Array): void {
    if (this.#closing !== undefined) return;
    // A datagram that the system refuses is a lost one: the link sends it again. One that the system takes later may hold
    // a newer frame by then: one that the board takes, or has.
    this.#socket.send(datagram, this.#ports[port], this.#ip);
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#socket.on("message", (message, from) => {
      if (from.port === this.#ports.data && from.address === this.#ip) receive(message);
    });
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
  }

  async drained(): Promise<void> {
    while (this.#closing === undefined && this.#socket.getSendQueueCount() > maxUnsent) await yieldToEvents();
  }

  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#socket.close(() => {
        this.#closeListener?.();
        this.#closeListener = undefined;
        resolve();
      });
    });
    return this.#closing;
  }
}
