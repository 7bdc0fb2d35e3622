import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Executor } from "../../firmware-sim/executor.js";
import { openDevice } from "../../src/api/index.js";
import { systemClock } from "../../src/base/clock.js";
import { defaultInit } from "../../src/device/default-init.js";
import { Builder } from "../../src/device/playback/builder.js";
import { loadProgram } from "../../src/device/playback/loaded-program.js";
import { takeProgram } from "../../src/device/playback/program.js";
import { FpgaSystimeSyncActiveState, theFpga } from "../../src/protocol/index.js";
import { assemble, disassemble } from "../../src/protocol/text/index.js";
import { createChip } from "../../src/virtual-chip/index.js";
import { drain } from "../board/support/words.js";
import { instructionVectors } from "../protocol/vectors.js";
import { hexOf } from "./support.js";

const halt = "0a00000000000000";
const initWords = () => takeProgram(defaultInit(new Builder(systemClock)).build()).words;

describe("the default initialisation", () => {
  it("is the official one, word for word", () => {
    expect(hexOf(initWords())).toEqual([...instructionVectors.initProgram, halt]);
  });

  it("reads as text, without a word that no container explains", () => {
    const golden = readFileSync(new URL("golden/default-init.hxasm", import.meta.url), "utf8");
    expect(disassemble(initWords())).toBe(golden.replace(/^#.*\n/gm, ""));
    expect(hexOf(assemble(golden))).toEqual(hexOf(initWords()));
  });

  it("passes on a cold board without a timeout", () => {
    const executor = new Executor(createChip({ seed: 5 }));
    executor.push(initWords());
    drain(executor);
    expect(executor.counters).toMatchObject({ timeouts: 0, illegalWords: 0, strayData: 0, unansweredJtagRequests: 0 });
    expect(executor.counters.instructions).toBe(349);
  });

  it("runs through the driver, from its own text too", async () => {
    const device = await openDevice("virtual:?chip=1");
    try {
      const session = await device.openSession();
      const program = defaultInit(session.program() as Builder);
      const state = program.read(FpgaSystimeSyncActiveState, theFpga);
      await session.run(program.build());
      expect(state.get()).toEqual({ activeState: true });
      const text = `${disassemble(initWords()).replace("halt\n", "")}read FpgaSystimeSyncActiveState fpga\n`;
      const loaded = loadProgram(assemble(text));
      await session.run(loaded.program);
      expect(loaded.expected.map(({ ticket }) => ticket.get())).toEqual([{ activeState: true }]);
    } finally {
      await device.close();
    }
  });
});
