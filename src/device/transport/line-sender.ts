/**
 * The host's flow control on a byte pipe: never more bytes on the line than the other end has room for. After some bytes
 * goes a mark that says how many there were; the other end answers it with a credit once it has taken them off the line.
 * Whatever gets lost, the next mark puts the count right. An unanswered mark is repeated; where asked for, a quiet line
 * is marked every second, so that a device that is gone is noticed. Rules: docs/serial-link.md.
 */
import type { Alarm, Clock } from "../../base/clock.js";
import { encodeMark, firstWindowBytes } from "../../protocol/serial-frame.js";

export interface LineSenderOptions {
  readonly clock: Clock;
  /** Puts bytes on the line; resolves when it can take more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Time that one byte takes on the line, ms; 0 where that is not known. */
  readonly byteMs: number;
  /** Called once when the other end has answered before and answers no more; without it a quiet line stays quiet. */
  readonly onSilence?: () => void;
}

/** Frames that wait for credit at most: two windows of the link and its acknowledgements. More are lost, and come again. */
const maxQueued = 512;
/** Bytes without a credit up to which the line counts as quiet, and a share of the window. */
const quietBytes = 2048;
/** A mark goes out when so much of the window is unmarked, or after so long, ms. */
const markShare = 8;
const markDelayMs = 5;
/** An unanswered mark is repeated after this long and what the window takes on the line, ms; then after twice as long. */
const repeatMs = 40;
const slowestRepeatMs = 1000;
/** A quiet line is marked this often, ms; so many marks without any answer mean that nobody is there. */
const keepAliveMs = 1000;
const maxUnanswered = 5;
/** Repetitions of a mark that do not count for that yet. */
const patientRepeats = 4;
const positions = 2 ** 32;

/** What the clock is to do next: mark what is unmarked, repeat a mark, or look whether anybody is there. */
type Due = "mark" | "repeat" | "keepAlive";

export class LineSender {
  /** Frames that were lost because too many were waiting. */
  dropped = 0;
  readonly #options: LineSenderOptions;
  readonly #queue: Uint8Array[] = [];
  #window = firstWindowBytes;
  #sent = 0;
  #credited = 0;
  #marked = 0;
  /** Unanswered repetitions of a mark. */
  #repeats = 0;
  #unanswered = 0;
  #hasHeard = false;
  #isClosed = false;
  #alarm: { readonly at: number; readonly handle: Alarm } | undefined;
  #writing: Promise<void> = Promise.resolve();
  #drainWaiters: (() => void)[] = [];

  constructor(options: LineSenderOptions) {
    this.#options = options;
  }

  /** True while so much is on the line or waits for it that resending would only add to it. */
  get isCongested(): boolean {
    return this.#queue.length > 0 || this.#outstanding > Math.min(quietBytes, this.#window / 4);
  }

  /** Send a frame, now or when there is credit. The sender keeps the bytes. */
  push(frame: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#queue.length >= maxQueued) {
      this.dropped++;
      return;
    }
    this.#queue.push(frame);
    this.#pump();
  }

  /** Answers and marks are not counted: they are small, and nothing may hold them up. */
  pushUncounted(frame: Uint8Array): void {
    if (!this.#isClosed) this.#write(frame);
  }

  /** A credit has come. One that names bytes that are not on the way is of another time, and ignored. */
  credit({ position, window }: { readonly position: number; readonly window: number }): void {
    const ahead = (position - (this.#credited % positions) + positions) % positions;
    if (ahead > this.#outstanding) return;
    this.#credited += ahead;
    this.#window = Math.max(window, firstWindowBytes);
    if (ahead > 0) this.#repeats = 0;
    this.#pump();
  }

  /** An intact frame has come. */
  heard(): void {
    this.#unanswered = 0;
    if (this.#hasHeard) return;
    this.#hasHeard = true;
    this.#arm();
  }

  /** Resolves when no frame waits for credit and the pipe can take more, or the line is closed. */
  async drained(): Promise<void> {
    if (this.#queue.length > 0 && !this.#isClosed)
      await new Promise<void>((resolve) => this.#drainWaiters.push(resolve));
    await this.#writing;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#alarm?.handle.cancel();
    this.#alarm = undefined;
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  get #outstanding(): number {
    return this.#sent - this.#credited;
  }

  #write(bytes: Uint8Array): void {
    // A failed write shows as the pipe's close; here it only ends the wait.
    this.#writing = this.#options.write(bytes).catch(() => {});
  }

  #pump(): void {
    if (this.#isClosed) return;
    for (let frame = this.#queue[0]; frame !== undefined; frame = this.#queue[0]) {
      if (this.#outstanding + frame.length > this.#window) break;
      this.#queue.shift();
      this.#sent += frame.length;
      this.#write(frame);
      if (this.#sent - this.#marked >= this.#window / markShare) this.#mark();
    }
    if (this.#queue.length === 0) for (const resolve of this.#drainWaiters.splice(0)) resolve();
    else if (this.#sent > this.#marked) this.#mark();
    this.#arm();
  }

  #mark(): void {
    this.#marked = this.#sent;
    this.#repeats = 0;
    this.#write(encodeMark(this.#sent % positions));
    this.#alarm?.handle.cancel();
    this.#alarm = undefined;
  }

  get #due(): Due | undefined {
    if (this.#sent > this.#marked) return "mark";
    if (this.#outstanding > 0) return "repeat";
    return this.#options.onSilence && this.#hasHeard ? "keepAlive" : undefined;
  }

  #arm(): void {
    const what = this.#due;
    if (this.#isClosed || what === undefined) return;
    const delay = this.#delayMs(what);
    const at = this.#options.clock.now() + delay;
    if (this.#alarm !== undefined && this.#alarm.at <= at) return;
    this.#alarm?.handle.cancel();
    const handle = this.#options.clock.after(delay, () => {
      this.#alarm = undefined;
      if (what === this.#due) this.#act(what);
      this.#arm();
    });
    this.#alarm = { at, handle };
  }

  #delayMs(what: Due): number {
    if (what === "mark") return markDelayMs;
    if (what === "keepAlive") return keepAliveMs;
    const patience = repeatMs + 2 * this.#window * this.#options.byteMs;
    return Math.min(patience * 2 ** this.#repeats, Math.max(patience, slowestRepeatMs));
  }

  #act(what: Due): void {
    if (what === "mark") {
      this.#mark();
      return;
    }
    if (what === "repeat") this.#repeats = Math.min(this.#repeats + 1, 16);
    // Counted by alarms, not by time: a process that was busy for long has not been able to listen.
    const { onSilence } = this.#options;
    const counts = onSilence && this.#hasHeard && (what === "keepAlive" || this.#repeats > patientRepeats);
    if (counts && ++this.#unanswered > maxUnanswered) {
      this.close();
      onSilence();
    } else this.#write(encodeMark(this.#sent % positions));
  }
}
