/**
 * A board that executes what the session tests need, instruction by instruction and in no time: writes to a map of
 * registers, reads, ticks, halts. Instructions named in `stuck` never finish; what follows them is not executed.
 */
import type { BoardBehaviour } from "./board-double.js";

const opcode = { wait: 0x05, loopback: 0x0a, address: 0x0b, data: 0x0c } as const;

export class ScriptedBoard implements BoardBehaviour {
  readonly info = "version: 1\ncompatible_until: 1\n";
  readonly registers = new Map<number, number>([
    [0x88000003, 0x0123456],
    [0x88000004, 0x789abcde],
  ]);
  /** Every instruction word that came, as hexadecimal text. */
  readonly instructions: string[] = [];
  /** Waits of exactly this many cycles are never over; "notify": a timeout is reported and execution goes on. */
  stuckWait: number | undefined;
  onStuck: "silence" | "notify" = "silence";
  resets = 0;
  #address = 0;
  #isStuck = false;
  /** Index in the program that runs. */
  #index = 0;

  onReset(): void {
    this.resets++;
    this.#isStuck = false;
    this.#index = 0;
  }

  onWords(words: Uint8Array, answer: (words: Uint8Array) => void): void {
    const view = new DataView(words.buffer, words.byteOffset, words.byteLength);
    const answers: number[][] = [];
    for (let offset = 0; offset < words.byteLength; offset += 8) {
      const high = view.getUint32(offset);
      this.instructions.push(
        high.toString(16).padStart(8, "0") +
          view
            .getUint32(offset + 4)
            .toString(16)
            .padStart(8, "0"),
      );
      if (!this.#isStuck) this.#execute(high, view.getUint32(offset + 4), answers);
    }
    const bytes = new Uint8Array(8 * answers.length);
    const out = new DataView(bytes.buffer);
    for (const [i, [high, low]] of answers.entries()) {
      out.setUint32(8 * i, high!);
      out.setUint32(8 * i + 4, low!);
    }
    if (answers.length > 0) answer(bytes);
  }

  #execute(high: number, low: number, answers: number[][]): void {
    const index = this.#index++;
    switch (high >>> 24) {
      case opcode.address:
        this.#address = low;
        if ((high & 0x10) !== 0) answers.push([0x01000000, this.registers.get(low) ?? 0]);
        break;
      case opcode.data:
        this.registers.set(this.#address, low);
        break;
      case opcode.loopback:
        if (low === 0) this.#index = 0;
        answers.push([0x02000000, low]);
        break;
      case opcode.wait:
        if (low !== this.stuckWait) break;
        if (this.onStuck === "notify") answers.push([0x04000000, index]);
        else this.#isStuck = true;
        break;
    }
  }
}
