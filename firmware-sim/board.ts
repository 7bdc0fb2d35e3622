/**
 * The virtual board: link peer, playback executor and chip as one thing that takes and gives datagrams. Work is done in
 * slices of a few milliseconds, so that the thread stays open to datagrams and timers however long a program is. Knows
 * no sockets and pipes; a listener gives it a wire.
 */
import { yieldToEvents } from "../src/base/async.js";
import type { Alarm, Clock, Instant } from "../src/base/clock.js";
import { type DatagramPort, hostArq } from "../src/protocol/index.js";
import { createChip } from "../src/virtual-chip/index.js";
import { ArqPeer, type PeerCounters } from "./arq-peer.js";
import type { VirtualBoardOptions } from "./board-options.js";
import { Executor, type ExecutorCounters } from "./executor.js";
import { boardInfo } from "./reset-answer.js";

/**
 * Length of an execution slice, ms. Our choice: well below the 0.756 ms after which the host of the field sends a frame
 * again and slows down, because acknowledgements go out between slices only.
 */
const sliceMs = 0.4;
/** The same while datagrams come in. Our choice: a full window must be taken in before its first frame comes again. */
const busySliceMs = 0.05;
/** Longest time that answers wait for more of them while execution goes on, ms. Our choice: a few round trips. */
const fillMs = 4;
/** Shortest time between two looks at what must be resent, ms. */
const shortestDelayMs = 1;
const frameBytes = 8 * hostArq.maxWords;
/** Full frames that leave together while execution goes on: half the window. Our choice. */
const framesTogether = 64;

/** The way to the host. Datagrams leave from the data port. */
export interface BoardWire {
  /** The bytes are only good during the call. Must not call back into the board. */
  transmit(datagram: Uint8Array): void;
  /** True while the wire holds so much that resending would only add to it. */
  readonly isCongested: boolean;
}

export interface BoardCounters {
  /** Since the power came on. */
  readonly link: Readonly<PeerCounters>;
  readonly executor: ExecutorCounters;
  readonly powerCycles: number;
}

export class VirtualBoard {
  readonly #wire: BoardWire;
  readonly #clock: Clock;
  readonly #options: VirtualBoardOptions;
  #peer: ArqPeer;
  #executor: Executor;
  #powerCycles = 0;
  /** When answers were sent last, or there were none, ms. */
  #sentAt = 0;
  /** A datagram has come since the last slice. */
  #isBusy = false;
  #isScheduled = false;
  #isClosed = false;
  #alarm: { readonly at: number; readonly handle: Alarm } | undefined;

  /** @throws FieldOutOfRange for an imperfection outside 0..10 */
  constructor(options: VirtualBoardOptions, wire: BoardWire, clock: Clock) {
    this.#options = options;
    this.#wire = wire;
    this.#clock = clock;
    this.#executor = this.#makeExecutor();
    this.#peer = this.#makePeer();
  }

  /** The power fails for a moment: whatever the board knew of the host, its program and the chip's registers is gone. */
  powerCycle(): void {
    this.#powerCycles++;
    this.#executor = this.#makeExecutor();
    this.#peer = this.#makePeer();
    this.#alarm?.handle.cancel();
    this.#alarm = undefined;
  }

  #makeExecutor(): Executor {
    const { chip: seed, preset, knobs, kernels } = this.#options;
    const given = { ...(preset && { preset }), ...(knobs && { knobs }), ...(kernels && { kernels }) };
    return new Executor(createChip({ seed, ...given }), kernels);
  }

  #makePeer(): ArqPeer {
    return new ArqPeer(
      {
        transmit: (datagram) => this.#wire.transmit(datagram),
        deliver: (words) => this.#executor.push(words),
        hasRoomFor: (bytes) => this.#executor.hasRoomFor(bytes),
        restart: () => this.#executor.reset(),
        abandon: () => this.#executor.reset(),
      },
      { info: boardInfo },
    );
  }

  /** There is work for the next turn: whoever brings datagrams may as well look for them then. */
  get isWorking(): boolean {
    return this.#isScheduled;
  }

  get counters(): BoardCounters {
    return { link: this.#peer.counters, executor: this.#executor.counters, powerCycles: this.#powerCycles };
  }

  /** A datagram from the host. Its bytes must not change afterwards. */
  receive(port: DatagramPort, datagram: Uint8Array): void {
    if (this.#isClosed) return;
    this.#peer.receive(port, datagram, this.#clock.now());
    this.#isBusy = true;
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm?.handle.cancel();
  }

  /** Work after the datagrams that are at hand have come in. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    void yieldToEvents().then(() => {
      this.#isScheduled = false;
      if (!this.#isClosed) this.#work();
    });
  }

  #work(): void {
    const clock = this.#clock;
    // The host's resend timer runs: acknowledge before executing.
    this.#peer.endBatch();
    const sliceEnd = clock.now() + (this.#isBusy ? busySliceMs : sliceMs);
    this.#isBusy = false;
    const end = this.#executor.run(() => clock.now() >= sliceEnd);
    const sent = this.#sendTrace(clock.now(), end === "timeUp");
    if (end === "timeUp" || (end === "traceFull" && sent > 0)) this.#schedule();
    this.#watchResends();
  }

  /** @param more answers may come soon: then several full frames go together, unless they have waited @returns frames sent */
  #sendTrace(now: Instant, more: boolean): number {
    const { traceBuffer } = this.#executor;
    const mayWait = more && now < this.#sentAt + fillMs;
    if (mayWait && traceBuffer.length < framesTogether * frameBytes) return 0;
    const least = mayWait ? frameBytes : 1;
    let sent = 0;
    for (; traceBuffer.length >= least && this.#peer.room > 0; sent++)
      this.#peer.send(traceBuffer.take(frameBytes), now);
    if (sent > 0 || traceBuffer.length === 0) this.#sentAt = now;
    return sent;
  }

  #watchResends(): void {
    const at = this.#peer.nextResend;
    if (at === this.#alarm?.at) return;
    this.#alarm?.handle.cancel();
    this.#alarm = undefined;
    if (at === undefined || this.#isClosed) return;
    // After a congestion the time is past: then look again a little later.
    const delay = Math.max(shortestDelayMs, at - this.#clock.now());
    this.#alarm = { at, handle: this.#clock.after(delay, () => this.#resend()) };
  }

  #resend(): void {
    this.#alarm = undefined;
    if (!this.#wire.isCongested) this.#peer.resend(this.#clock.now());
    this.#watchResends();
  }
}
