/**
 * The virtual board: link peer, executor and chip. It takes datagrams and gives datagrams; how they travel is the
 * listeners' business. The executor runs in slices, so that a long program does not hold up the link, and not ahead of
 * what the host takes.
 */
import { yieldToEvents } from "../src/base/async.js";
import { type Alarm, type Clock, elapsedMs } from "../src/base/clock.js";
import { createToFpgaDecoder, type DatagramPort, type StreamDecoder } from "../src/protocol/index.js";
import { createChip } from "../src/virtual-chip/index.js";
import { ArqPeer, type PeerCounters } from "./arq-peer.js";
import type { VirtualBoardOptions } from "./board-options.js";
import { Executor } from "./executor.js";

/** Instructions between two looks at the clock and the backlog. */
const sliceBytes = 8 * 4;
/** Longest time without a look at the link, ms. */
const sliceMs = 10;
/** Answers that wait for the host, bytes; beyond it the executor pauses. */
const backlogLimit = 4 * 1024 * 1024;
/** Answers are handed to the link when this many bytes are there, or the executor has nothing to do. */
const handOver = 8 * 180;
/** How often the link is looked at for resends while frames are under way, ms. */
const tickMs = 2;

export interface BoardPort {
  receive(port: DatagramPort, datagram: Uint8Array): void;
}

export class Board implements BoardPort {
  readonly #clock: Clock;
  readonly #executor: Executor;
  readonly #peer: ArqPeer;
  #decoder: StreamDecoder;
  #pending: Uint8Array[] = [];
  #generation = 0;
  #isPumping = false;
  #alarm: Alarm | undefined;
  #isClosed = false;
  #resume: (() => void) | undefined;

  /** @param send takes a datagram for the host; called synchronously */
  constructor(options: VirtualBoardOptions, clock: Clock, send: (datagram: Uint8Array) => void) {
    const { chip: seed, preset, knobs } = options;
    const chip = createChip({
      seed,
      ...(preset === undefined ? {} : { preset }),
      ...(knobs === undefined ? {} : { knobs }),
    });
    this.#clock = clock;
    this.#executor = new Executor(chip);
    this.#decoder = createToFpgaDecoder(this.#executor);
    this.#peer = new ArqPeer(
      { send, deliver: (words) => this.#deliver(words), restarted: () => this.#restart() },
      { infoText: `version: 1\ncompatible_until: 2\nboard: hxloop virtual board\nchip: ${seed}\npreset: ${chip.identity.preset}\n` },
    );
  }

  get counters(): Readonly<PeerCounters> {
    return this.#peer.counters;
  }

  receive(port: DatagramPort, datagram: Uint8Array): void {
    if (this.#isClosed) return;
    const now = this.#clock.now();
    if (port === "reset") this.#peer.reset(datagram, now);
    else this.#peer.receive(datagram, now);
    if (this.#peer.backlog < backlogLimit) this.#resume?.();
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm?.cancel();
    this.#pending = [];
    this.#resume?.();
  }

  #deliver(words: Uint8Array): void {
    this.#pending.push(words.slice());
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.#pump();
  }

  #restart(): void {
    this.#generation++;
    this.#pending = [];
    this.#decoder = createToFpgaDecoder(this.#executor);
    this.#executor.restart();
    this.#executor.trace.take();
    this.#resume?.();
  }

  async #pump(): Promise<void> {
    let since = this.#clock.now();
    for (let words = this.#pending.shift(); words !== undefined; words = this.#pending.shift()) {
      const generation = this.#generation;
      for (let from = 0; from < words.length && generation === this.#generation; from += sliceBytes) {
        this.#execute(words.subarray(from, from + sliceBytes));
        if (this.#executor.trace.byteLength >= handOver) this.#flush(false);
        if (elapsedMs(since, this.#clock.now()) > sliceMs) {
          await yieldToEvents();
          since = this.#clock.now();
        }
        while (this.#peer.backlog >= backlogLimit && !this.#isClosed) {
          await new Promise<void>((resolve) => {
            this.#resume = resolve;
          });
          this.#resume = undefined;
        }
      }
      if (this.#pending.length === 0) this.#flush(true);
    }
    this.#isPumping = false;
  }

  /** A stream that is not of this protocol is dropped up to the next reset; the link goes on. */
  #execute(words: Uint8Array): void {
    try {
      this.#decoder.push(words);
    } catch {
      this.#decoder = createToFpgaDecoder(this.#executor);
    }
  }

  #flush(all: boolean): void {
    const { trace } = this.#executor;
    const words = all ? trace.take() : trace.takeComplete();
    if (words.length > 0) this.#peer.send(words, this.#clock.now());
    this.#watch();
  }

  /** Keep an alarm while something may have to be sent again. */
  #watch(): void {
    if (this.#alarm !== undefined || this.#isClosed || this.#peer.inFlight === 0) return;
    this.#alarm = this.#clock.after(tickMs, () => {
      this.#alarm = undefined;
      this.#peer.tick(this.#clock.now());
      this.#watch();
    });
  }
}
