/** MADC samples or spikes between two answers, in one line: how many, when, and what they were like. */
import { chipTimeOf } from "../messages/time.js";
import type { MessagePlace } from "./host-words.js";
import { type Item, type Origin, plural } from "./item.js";

export class EventSummary {
  readonly #kind: "madc" | "spikes";
  #origin: Origin | undefined;
  #count = 0;
  #first = 0;
  #last = 0;
  #min = 0;
  #max = 0;
  #sum = 0;
  /** Of spikes. */
  readonly #labels = new Set<number>();

  constructor(kind: "madc" | "spikes") {
    this.#kind = kind;
  }

  get count(): number {
    return this.#count;
  }

  add(events: readonly number[], { origin, fpgaTime }: MessagePlace): void {
    this.#origin ??= origin;
    for (const event of events) {
      const time = chipTimeOf(event, fpgaTime);
      const isMadc = this.#kind === "madc";
      const value = event & (isMadc ? 0x3ff : 0xffff);
      if (!isMadc) this.#labels.add(value);
      const isFirst = this.#count++ === 0;
      this.#first = isFirst ? time : Math.min(this.#first, time);
      this.#last = isFirst ? time : Math.max(this.#last, time);
      this.#min = isFirst ? value : Math.min(this.#min, value);
      this.#max = isFirst ? value : Math.max(this.#max, value);
      this.#sum += value;
    }
  }

  /** Count, span and values since the last take, as data; all zero when there were none. */
  get data(): Readonly<Record<string, number>> {
    const common = { count: this.#count, firstChipTime4ns: this.#first, lastChipTime4ns: this.#last };
    if (this.#kind === "spikes") return { ...common, labels: this.#labels.size };
    return { ...common, min: this.#min, max: this.#max, mean: this.#count === 0 ? 0 : this.#sum / this.#count };
  }

  /** Values in words, for example `400..523, mean 455.1`. */
  get valuesText(): string {
    if (this.#kind === "spikes") {
      const labels = [...this.#labels].slice(0, 4).map((label) => `0x${label.toString(16)}`);
      return `labels ${labels.join(" ")}${this.#labels.size > labels.length ? ` and ${this.#labels.size - labels.length} more` : ""}`;
    }
    return `${this.#min}..${this.#max} LSB, mean ${(this.#sum / this.#count).toFixed(1)}`;
  }

  /** The line, when there were any; then start anew. */
  take(): Item | undefined {
    const origin = this.#origin;
    if (origin === undefined) return undefined;
    const microseconds = (time: number): string => (time * 0.004).toFixed(3);
    const what = plural(this.#count, this.#kind === "madc" ? "MADC sample" : "spike");
    const span = `chip ${microseconds(this.#first)}..${microseconds(this.#last)} us`;
    const text = `  ${what}, ${span}, ${this.valuesText}`;
    const data = { events: this.#kind, ...this.data };
    this.#origin = undefined;
    this.#count = 0;
    this.#sum = 0;
    this.#labels.clear();
    return { kind: "events", origin, direction: "toHost", text, data };
  }
}
