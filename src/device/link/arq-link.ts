/**
 * The ARQ machine on a wire: runs its actions on a datagram transport, keeps its one alarm on the given clock, and
 * turns its ends into promises. Knows nothing of instructions; words go in and come out as bytes.
 */
import { type Deferred, deferred } from "../../base/async.js";
import type { Alarm, Clock, Instant } from "../../base/clock.js";
import { type HxError, isHxError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Rng } from "../../base/rng.js";
import { Disconnected, LinkClosed, LinkReset } from "../errors.js";
import type { DatagramTransport } from "../transport/transport.js";
import { type ArqAction, ArqMachine, type ArqState } from "./arq-machine.js";
import type { ArqCounters, ArqOptions } from "./arq-options.js";

export interface ArqLinkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Draws the loopback words. */
  readonly rng: Rng;
  readonly arq?: Partial<ArqOptions>;
}

export interface LinkOpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the reset answer, ms; default: the ARQ option. */
  readonly resetLimitMs?: number | undefined;
}

export interface ArqLinkListener {
  /** UT words in order; the view is only good during the call. A throw ends the link. */
  onWords(words: Uint8Array): void;
  /** The link has ended, orderly or not; called once per opening. */
  onEnd(error: HxError): void;
}

/** Bytes that may wait for the window before `drained` makes the caller wait: two windows of full frames. */
const highWaterBytes = 2 * 128 * 180 * 8;

export class ArqLink {
  readonly #transport: DatagramTransport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #rng: Rng;
  readonly #machine: ArqMachine;
  #listener: ArqLinkListener | undefined;
  #alarm: { readonly at: number; readonly handle: Alarm } | undefined;
  #opening: Deferred<string> | undefined;
  #closing: Deferred<void> | undefined;
  #drainWaiters: Deferred<void>[] = [];
  /** Why the link cannot be used, once it cannot. */
  #end: HxError | undefined;
  #isTransportGone = false;

  constructor(transport: DatagramTransport, options: ArqLinkOptions) {
    this.#transport = transport;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#rng = options.rng;
    this.#machine = new ArqMachine(transport.url, options.arq);
    transport.onDatagram((bytes) => this.#run(this.#machine.datagram(bytes, this.#now())));
    transport.onClose((error) => {
      this.#isTransportGone = true;
      this.#run(this.#machine.abandon());
      const why = error?.message ?? "the other side closed the connection";
      this.#finish(isHxError(error) ? error : new Disconnected(transport.url, why, { cause: error }));
    });
  }

  get url(): string {
    return this.#transport.url;
  }

  get state(): ArqState {
    return this.#machine.state;
  }

  get counters(): Readonly<ArqCounters> {
    return this.#machine.counters;
  }

  setListener(listener: ArqLinkListener): void {
    this.#listener = listener;
  }

  /**
   * Reset the board's link and open it; also leaves an open link's state behind.
   * @returns the bitfile's info text
   * @throws LinkTimeout, UnsupportedTarget, Disconnected, signal.reason
   */
  async open({ signal, resetLimitMs }: LinkOpenOptions = {}): Promise<string> {
    signal?.throwIfAborted();
    if (this.#isTransportGone) throw this.#end ?? new LinkClosed(this.url);
    if (this.#closing !== undefined) throw new LinkClosed(this.url);
    if (this.#machine.state !== "closed") this.#finish(new LinkReset(this.url, "it was opened anew"));
    this.#end = undefined;
    const opening = deferred<string>();
    this.#opening = opening;
    const onAbort = (): void => {
      if (this.#opening !== opening) return;
      this.#opening = undefined;
      this.#end = new LinkClosed(this.url);
      opening.reject(signal?.reason);
      this.#run(this.#machine.abandon());
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const word = new Uint8Array(8);
    new DataView(word.buffer).setUint32(0, this.#rng.nextUint32());
    new DataView(word.buffer).setUint32(4, this.#rng.nextUint32());
    this.#run(this.#machine.open(word, this.#clock.now(), resetLimitMs));
    try {
      return await opening.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Queue UT words. @param words whole 64-bit words; given away @throws LinkClosed and what ended the link */
  send(words: Uint8Array): void {
    if (this.#machine.state !== "open") throw this.#end ?? new LinkClosed(this.url);
    this.#run(this.#machine.send(words, this.#now()));
  }

  /** Whether answers are waited for: then a board that dies without a word is noticed (`silenceLimitMs`). */
  await(isAwaited: boolean): void {
    this.#machine.await(isAwaited, this.#clock.now());
    this.#arm();
  }

  /** Resolves when the link and the wire below can take more. @throws what ended the link */
  async drained(): Promise<void> {
    while (this.#machine.queuedBytes > highWaterBytes) {
      if (this.#end !== undefined) throw this.#end;
      const waiter = deferred<void>();
      this.#drainWaiters.push(waiter);
      await waiter.promise;
    }
    await this.#transport.drained();
    if (this.#end !== undefined) throw this.#end;
  }

  /** Say goodbye, wait for the queues (bounded), close the wire. Idempotent; rejects every waiter. */
  async close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = deferred<void>();
      this.#run(this.#machine.close(this.#clock.now()));
      if (this.#machine.state === "closed") this.#finish(new LinkClosed(this.url));
    }
    await this.#closing.promise;
    await this.#transport.close();
  }

  #run(actions: readonly ArqAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "datagram":
          if (!this.#isTransportGone) this.#transport.send(action.port, action.bytes);
          break;
        case "deliver":
          this.#deliver(action.payload);
          break;
        case "opened":
          this.#logger.debug({ url: this.url, resets: this.counters.resets }, "link open");
          this.#opening?.resolve(action.infoText);
          this.#opening = undefined;
          break;
        case "closed":
          if (!action.complete) this.#logger.debug({ url: this.url }, "link closed with frames unacknowledged");
          this.#finish(new LinkClosed(this.url));
          break;
        case "failed":
          this.#finish(action.error);
          break;
      }
    }
    if (this.#drainWaiters.length > 0 && this.#machine.queuedBytes <= highWaterBytes) {
      for (const waiter of this.#drainWaiters.splice(0)) waiter.resolve();
    }
    this.#arm();
  }

  /** The time for an input of the machine. */
  #now(): Instant {
    const now = this.#clock.now();
    if (this.#transport.isCongested === true) this.#machine.hold(now);
    return now;
  }

  #deliver(words: Uint8Array): void {
    if (this.#end !== undefined) return;
    try {
      this.#listener?.onWords(words);
    } catch (error) {
      this.#run(this.#machine.abandon());
      this.#finish(
        isHxError(error) ? error : new Disconnected(this.url, "the answers cannot be read", { cause: error }),
      );
    }
  }

  /** Keep one alarm; an earlier one than needed is left to fire and arm anew. */
  #arm(): void {
    const due = this.#machine.deadline;
    if (due === undefined) {
      this.#alarm?.handle.cancel();
      this.#alarm = undefined;
      return;
    }
    if (this.#alarm !== undefined && this.#alarm.at <= due) return;
    this.#alarm?.handle.cancel();
    const tick = (): void => {
      this.#alarm = undefined;
      this.#run(this.#machine.tick(this.#now()));
    };
    const handle = this.#clock.after(Math.max(0, due - this.#clock.now()), () => {
      // What waits in the socket may be the very acknowledgement that is missing.
      const later = this.#clock.afterInput(tick);
      if (this.#alarm?.handle === handle) this.#alarm = { at: due, handle: later };
    });
    this.#alarm = { at: due, handle };
  }

  /** Reject everything that waits; tell the listener once. */
  #finish(error: HxError): void {
    this.#closing?.resolve();
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#opening?.reject(error);
    this.#opening = undefined;
    for (const waiter of this.#drainWaiters.splice(0)) waiter.reject(error);
    this.#listener?.onEnd(error);
  }
}
