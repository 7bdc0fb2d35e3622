/**
 * Datagrams to and from a board in another thread of this process, as they would stand in UDP: two rings of shared
 * memory, and a message port as the bell of whoever sleeps. Nothing is lost but what finds a ring full, and HostARQ's
 * window is smaller than a ring.
 */
import type { MessagePort } from "node:worker_threads";
import { yieldToEvents } from "../../base/async.js";
import { Bell } from "../../base/bell.js";
import { DatagramRing } from "../../base/datagram-ring.js";
import type { DatagramPort } from "../../protocol/host-arq.js";
import type { DatagramTransport } from "./transport.js";

/** Memory of both directions, to be given to the board's thread. */
export interface RingPair {
  readonly toBoard: SharedArrayBuffer;
  readonly toHost: SharedArrayBuffer;
}

/** Twice a window of full frames, as a power of two. */
const ringBytes = 1 << 19;
/** Datagrams taken in one turn of the event loop, a quarter of a window. Our choice. */
const datagramsPerTurn = 32;
const portTags: Readonly<Record<DatagramPort, number>> = { data: 0, reset: 1 };

export function allocateRings(): RingPair {
  return { toBoard: DatagramRing.allocate(ringBytes), toHost: DatagramRing.allocate(ringBytes) };
}

export class SharedMemoryTransport implements DatagramTransport {
  readonly url: string;
  readonly #port: MessagePort;
  readonly #outgoing: DatagramRing;
  readonly #bell: Bell;
  readonly #incoming: DatagramRing;
  /** Ends whatever keeps the other end alive. */
  readonly #end: () => Promise<void>;
  #receive: (datagram: Uint8Array) => void = () => {};
  #closeListener: ((error?: Error) => void) | undefined;
  #closing: Promise<void> | undefined;
  #isGone = false;
  #error: Error | undefined;

  /** @param end called once when the transport is closed */
  constructor(url: string, port: MessagePort, { toBoard, toHost }: RingPair, end: () => Promise<void>) {
    this.url = url;
    this.#port = port;
    this.#outgoing = new DatagramRing(toBoard);
    this.#incoming = new DatagramRing(toHost);
    this.#bell = new Bell(this.#outgoing, () => port.postMessage(0));
    this.#end = end;
    port.on("message", () => this.#takeIn());
    port.on("close", () => this.#gone());
  }

  /** What the board has not looked at yet, it has not missed. */
  get isCongested(): boolean {
    return this.#outgoing.used > 0;
  }

  send(port: DatagramPort, datagram: Uint8Array): void {
    if (this.#isGone) return;
    this.#outgoing.write(portTags[port], datagram);
    this.#bell.soon();
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#receive = receive;
    this.#takeIn();
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
    if (this.#isGone) listener(this.#error);
  }

  async drained(): Promise<void> {
    while (!this.#isGone && this.#outgoing.used > ringBytes / 2) await yieldToEvents();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The board's thread has failed: report why, then close. */
  fail(error: Error): void {
    this.#gone(error);
    this.#port.close();
  }

  async #close(): Promise<void> {
    // What has been sent is in the ring; the bell of a board that sleeps rings before the port closes.
    this.#bell.now();
    this.#port.close();
    this.#gone();
    await this.#end();
  }

  /** Take what is there; the rest of much in the next turn, so that timers and signals are not kept waiting. */
  #takeIn(): void {
    if (this.#isGone) return;
    const count = this.#incoming.read((_tag, datagram) => this.#receive(datagram), datagramsPerTurn);
    if (count < datagramsPerTurn && this.#incoming.sleep()) return;
    void yieldToEvents().then(() => this.#takeIn());
  }

  #gone(error?: Error): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#error = error;
    this.#closeListener?.(error);
  }
}
