import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Executor } from "../../firmware-sim/executor.js";
import { createChip } from "../../src/virtual-chip/index.js";
import { Receiver } from "./support/receiver.js";
import { concatenate, drain, fromHex, read, words } from "./support/words.js";

const file = new URL("../vectors/board/init-program.json", import.meta.url);
const init = concatenate((JSON.parse(readFileSync(file, "utf8")) as { words: string[] }).words.map(fromHex));

describe("the default initialisation of a cube board", () => {
  it("passes on the virtual chip without a timeout, and leaves time in step", () => {
    const chip = createChip({ seed: 3, preset: "ideal" });
    const executor = new Executor(chip);
    executor.push(init);
    executor.push(
      words((program) => {
        program.loopback(true);
        read(program, 0x8800_2005);
        read(program, 0x8800_0009);
        read(program, 0x8800_6007);
        // Instruction 5 of JTAG and the register access over it have set the chip's PHY mask.
        read(program, 0x0004_0000);
        read(program, 0x0014_2801);
        read(program, 0x8800_0003);
        read(program, 0x8800_0004);
        program.barrier(31);
        program.loopback(false);
      }),
    );
    const received = new Receiver().push(drain(executor));
    expect(executor.counters).toMatchObject({
      instructions: 348 + 10,
      timeouts: 0,
      illegalWords: 0,
      strayData: 0,
      unansweredJtagRequests: 0,
    });
    const [tick, ...rest] = received.answers;
    expect(tick?.kind).toBe("tick");
    const [dnaLow, dnaHigh] = chip.identity.dna;
    expect(rest.filter(({ kind }) => kind === "omnibusData").map(({ value }) => value)).toEqual([
      1,
      1_250_000,
      0x20_4040,
      0xff,
      0x1e,
      dnaHigh,
      dnaLow,
    ]);
    // 1000 cycles for the reference generator and some 150 instructions after the time base was set to 0.
    expect(tick!.time).toBeGreaterThan(1000);
    expect(tick!.time).toBeLessThan(2000);
    // 1 ms for the board's DACs and 100 us for the PLL.
    expect(executor.cycle).toBeGreaterThan(125_000 + 12_500);
    expect(executor.cycle).toBeLessThan(200_000);
  });
});
