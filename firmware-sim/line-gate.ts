/**
 * The board's end of the flow control on a byte pipe, written apart from the host's: frames go out while the host's
 * credit lasts, a mark follows them, and the credit that answers it opens the gate again. A host that is gone gives no
 * credit; then frames wait, and a new host's reset throws them away. Rules: docs/serial-link.md.
 */
import type { Alarm, Clock } from "../src/base/clock.js";
import { encodeMark, firstWindowBytes } from "../src/protocol/index.js";

/** Time to the first repetition of an unanswered mark, ms; doubled each time up to the longest. Our choice. */
const firstRepeatMs = 30;
const longestRepeatMs = 2000;
/** Bytes after which a mark is due while more is to be sent. */
const markEvery = 4096;
const turn = 2 ** 32;

export class LineGate {
  readonly #clock: Clock;
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #waiting: Uint8Array[] = [];
  #room = firstWindowBytes;
  /** Bytes sent, credited and marked since the gate was made. */
  #position = 0;
  #answered = 0;
  #marked = 0;
  #repeat = firstRepeatMs;
  #alarm: Alarm | undefined;
  #isDue = false;
  #isClosed = false;
  /** Writes that the pipe has not taken. */
  #pending = 0;

  /** @param write puts bytes on the line; resolves when it can take more */
  constructor(clock: Clock, write: (bytes: Uint8Array) => Promise<void>) {
    this.#clock = clock;
    this.#write = write;
  }

  /** What is on the line or waits for it is more than what the next few milliseconds take away. */
  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#position - this.#answered > firstWindowBytes;
  }

  send(frame: Uint8Array): void {
    this.#waiting.push(frame);
    this.#open();
  }

  /** At once and without credit: answers to the host's marks. */
  sendNow(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.#pending++;
    const done = (): void => {
      this.#pending--;
    };
    // A pipe that is gone tells so by itself.
    this.#write(frame).then(done, done);
  }

  onCredit({ position, window }: { readonly position: number; readonly window: number }): void {
    const step = (position + turn - (this.#answered % turn)) % turn;
    if (step > this.#position - this.#answered) return;
    this.#answered += step;
    this.#room = Math.max(firstWindowBytes, window);
    this.#repeat = firstRepeatMs;
    this.#open();
  }

  /** A host has begun anew: nobody waits for what is here, nor owes an answer for what was sent. */
  restart(): void {
    this.#waiting = [];
    this.#answered = this.#position;
    this.#marked = this.#position;
    this.#room = firstWindowBytes;
    this.#repeat = firstRepeatMs;
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #open(): void {
    if (this.#isClosed) return;
    let count = 0;
    for (const frame of this.#waiting) {
      if (this.#position - this.#answered + frame.length > this.#room) break;
      count++;
      this.#position += frame.length;
      this.sendNow(frame);
      if (this.#position - this.#marked >= markEvery) this.#mark();
    }
    if (count > 0) this.#waiting.splice(0, count);
    // Without credit for the rest, the mark is what brings it; else it may wait until the turn is over.
    if (this.#waiting.length > 0 && this.#marked < this.#position) this.#mark();
    this.#watch();
  }

  #mark(): void {
    this.#marked = this.#position;
    this.sendNow(encodeMark(this.#position % turn));
  }

  #watch(): void {
    const isUnmarked = this.#marked < this.#position;
    if (this.#answered === this.#position || (this.#alarm !== undefined && (this.#isDue || !isUnmarked))) return;
    this.#alarm?.cancel();
    this.#isDue = isUnmarked;
    this.#alarm = this.#clock.after(isUnmarked ? 2 : this.#repeat, () => {
      this.#alarm = undefined;
      if (this.#isClosed || this.#answered === this.#position) return;
      if (this.#marked === this.#position) this.#repeat = Math.min(2 * this.#repeat, longestRepeatMs);
      // A pipe that takes nothing has the last mark still to send.
      if (this.#pending < 4) this.#mark();
      this.#watch();
    });
  }
}
