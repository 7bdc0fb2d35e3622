/**
 * The eight background sources: regular or Poisson events into the crossbar. What a source sends depends on its registers
 * and on when it was switched on, never on how time is cut. The clock is taken for 250 MHz, and the random numbers are
 * not those of the chip's shift register (docs/chip-model.md, "Events").
 */
import { philox4x32 } from "../../base/philox.js";
import { BackgroundSpikeSource, BackgroundSpikeSourceOnDls } from "../../protocol/index.js";
import type { Registers } from "../registers.js";

/** Units of 4 ns per cycle of the sources' clock. */
const unitsPerCycle = 1;
const twoTo32 = 2 ** 32;
/** Word whose write starts or stops a source: the one with the enable bit. */
const enableWord = 2;

interface Running {
  readonly config: ReturnType<typeof BackgroundSpikeSource.decode>;
  readonly start: number;
  /** Number of the next period. */
  next: number;
}

export class BackgroundSources {
  readonly #emit: (source: number, label: number, time: number) => void;
  readonly #running: (Running | undefined)[] = [];
  readonly #words = new Uint32Array(4);

  /** @param emit takes the events of a source, in order of time @param now the present, units of 4 ns */
  constructor(registers: Registers, emit: (source: number, label: number, time: number) => void, now: () => number) {
    this.#emit = emit;
    registers.hook(BackgroundSpikeSource, {
      onWrite: (source, word) => {
        if (word !== enableWord) return;
        const words = registers.words(BackgroundSpikeSource, BackgroundSpikeSourceOnDls.at(source));
        const config = BackgroundSpikeSource.decode(words);
        const isOn = config.enable && config.period > 0;
        this.#running[source] = isOn ? { config, start: now(), next: 1 } : undefined;
      },
    });
  }

  get isOn(): boolean {
    return this.#running.some((source) => source !== undefined);
  }

  /** Send what is due up to a time, units of 4 ns. */
  advance(time: number): void {
    this.#running.forEach((source, index) => {
      if (!source) return;
      const { config, start } = source;
      const period = config.period * unitsPerCycle;
      const due = Math.floor((time - start) / period);
      for (; source.next <= due; source.next++) this.#period(index, source, start + source.next * period);
    });
  }

  /** Times are counted from another origin from here on. @param by added to them, units of 4 ns */
  shift(by: number): void {
    this.#running.forEach((source, index) => {
      if (source) this.#running[index] = { ...source, start: source.start + by };
    });
  }

  reset(): void {
    this.#running.length = 0;
  }

  #period(index: number, { config, next }: Running, time: number): void {
    const { enableRandom, seed, rate, mask, neuronLabel } = config;
    if (!enableRandom) {
      this.#emit(index, neuronLabel, time);
      return;
    }
    philox4x32(this.#words, next % twoTo32, Math.floor(next / twoTo32), 0, 0, seed, index);
    if (((this.#words[0] as number) & 0xff) > rate) return;
    const drawn = this.#words[1] as number;
    this.#emit(index, (neuronLabel & ~mask) | (drawn & mask), time);
  }
}
