import { describe, expect, it } from "vitest";
import type { ToFpgaSink } from "../src/protocol/index.js";
import { FakeChip } from "../test/board/support/fake-chip.js";
import { Receiver } from "../test/board/support/receiver.js";
import { drain, fromHex, read, runOn, startTime, words, write } from "../test/board/support/words.js";
import { Executor } from "./executor.js";

const timeoutRegister = 0x8800_0009;
const timerRegister = 0x8800_000c;
const scratch = 0x0014_0000;
const nowhere = 0x00ff_0000;

/** Times of the answers of a kind. */
function times(received: Receiver, kind: string): number[] {
  return received.answers.filter((answer) => answer.kind === kind).map(({ time }) => time);
}
function values(received: Receiver, kind: string): number[] {
  return received.answers.filter((answer) => answer.kind === kind).map(({ value }) => value);
}
/** Run with time synchronised first. */
function timed(chip: FakeChip, build: (program: ToFpgaSink) => void) {
  return runOn(chip, (program) => {
    startTime(program);
    build(program);
    program.loopback(false);
  });
}

describe("executor", () => {
  it("takes one cycle per instruction", () => {
    const { received } = timed(new FakeChip(), (program) => {
      program.loopback(true);
      program.loopback(true);
      program.jtagScaler(1);
      program.jtagScaler(1);
      program.loopback(true);
    });
    const [first, ...rest] = times(received, "tick");
    expect(rest).toEqual([first! + 1, first! + 4]);
    expect(times(received, "halt")).toEqual([first! + 5]);
  });

  it("waits in FPGA time, from the last timing setup, and not at all when the time is past", () => {
    const { received } = timed(new FakeChip(), (program) => {
      program.loopback(true);
      program.timingSetup();
      program.waitUntil(1000);
      program.loopback(true);
      program.waitUntil(500);
      program.loopback(true);
      program.waitUntil(1_000_000);
      program.loopback(true);
    });
    const start = times(received, "tick")[0]!;
    expect(times(received, "tick")).toEqual([start, start + 1002, start + 1004, start + 1_000_002]);
  });

  it("reads the timer", () => {
    const { received } = timed(new FakeChip(), (program) => {
      program.timingSetup();
      program.waitUntil(77);
      read(program, timerRegister);
    });
    expect(values(received, "omnibusData")).toEqual([78]);
  });

  it("tells the chip the time of each access, in 4 ns", () => {
    const chip = new FakeChip();
    runOn(chip, (program) => {
      program.waitUntil(100);
      write(program, scratch, 0x2bc, 0b0011);
    });
    // Wait ends at cycle 100; address at 101, data at 102.
    expect(chip.log).toEqual(["write 140000 2bc 3 @204"]);
  });

  it("holds an omnibus barrier until the last access is over, and passes it when idle", () => {
    const { received } = timed(new FakeChip(), (program) => {
      write(program, scratch, 1);
      program.loopback(true);
      program.barrier(1);
      program.loopback(true);
      program.barrier(31);
      program.loopback(true);
    });
    const [before, after, idle] = times(received, "tick") as [number, number, number];
    expect(after - before).toBeGreaterThan(10);
    expect(idle - after).toBe(2);
  });

  it("reports an access that nothing answers with its index, and goes on", () => {
    for (const isRead of [true, false]) {
      const { received, executor } = timed(new FakeChip(), (program) => {
        write(program, timeoutRegister, 5000);
        program.loopback(false);
        program.loopback(true);
        if (isRead) read(program, nowhere);
        else write(program, nowhere, 1);
        program.loopback(true);
        write(program, scratch, 3);
        read(program, scratch);
      });
      // Since the halt: tick 0, then the read at 1, or address and data at 1 and 2.
      expect(values(received, "timeout")).toEqual([isRead ? 1 : 2]);
      const [before, after] = times(received, "tick") as [number, number];
      expect(after - before).toBe(5000 + (isRead ? 2 : 3));
      expect(times(received, "timeout")).toEqual([after - 1]);
      expect(values(received, "omnibusData")).toEqual([3]);
      expect(executor.counters.timeouts).toBe(1);
    }
  });

  it("takes a wait longer than the timeout for a stuck instruction, the default being 10 ms", () => {
    const wait = (cycles: number) =>
      timed(new FakeChip(), (program) => {
        program.loopback(false);
        program.timingSetup();
        program.waitUntil(cycles);
      }).received;
    // The timing setup is one cycle before the wait.
    expect(values(wait(1_250_001), "timeout")).toEqual([]);
    expect(values(wait(1_250_002), "timeout")).toEqual([1]);
  });

  it("answers nothing while the chip is in reset, and does again afterwards", () => {
    const { received } = timed(new FakeChip(), (program) => {
      write(program, timeoutRegister, 100);
      program.systemReset(true);
      read(program, scratch);
      program.systemReset(false);
      read(program, scratch);
    });
    expect(received.answers.map(({ kind }) => kind)).toEqual(["timeout", "omnibusData", "halt"]);
  });

  it("polls until the comparison has the wanted result", () => {
    for (const equal of [true, false]) {
      const chip = new FakeChip();
      const from = 2 * 4000;
      chip.onRead = (now) => (now >= from === equal ? 0x5a : 0xa5) | 0x100;
      const { received } = timed(chip, (program) => {
        for (const [i, word] of [0x0010_0000, 0x5a, 0xff].entries()) write(program, 0x8800_0006 + i, word);
        program.pollingOmnibusBlock(equal);
        program.loopback(true);
      });
      const offset = 4000 - times(received, "tick")[0]!;
      // Systime began a few cycles after power-up; the poll looks every 32 cycles.
      expect(Math.abs(offset)).toBeLessThan(64);
      expect(values(received, "timeout")).toEqual([]);
    }
  });

  it("gives up polling at the timeout", () => {
    const { received } = timed(new FakeChip(), (program) => {
      write(program, timeoutRegister, 1000);
      for (const [i, word] of [scratch, 1, 1].entries()) write(program, 0x8800_0006 + i, word);
      program.loopback(true);
      program.pollingOmnibusBlock(true);
      program.loopback(true);
    });
    const [before, after] = times(received, "tick") as [number, number];
    expect(after - before).toBe(1002);
    expect(received.answers.filter(({ kind }) => kind === "timeout")).toHaveLength(1);
  });

  it("shows the FPGA's serial number and keeps only the bits that its registers have", () => {
    const { received } = timed(new FakeChip(), (program) => {
      read(program, 0x8800_0003);
      read(program, 0x8800_0004);
      write(program, 0x8800_6002, 0xffff_ffff);
      write(program, 0x8800_6002, 0, 0b0001);
      read(program, 0x8800_6002);
      read(program, 0x8800_2005);
      write(program, 0x8000_0010, 0x1122_3344);
      write(program, 0x8000_0010, 0xaa00_0000, 0b1000);
      read(program, 0x8000_0010);
    });
    expect(values(received, "omnibusData")).toEqual([0x1ab_cdef, 0x1234_5678, 0x3f_ff00, 1, 0xaa22_3344]);
  });

  it("sends no time without a time synchronisation, and a barrier for one that failed times out", () => {
    const { received } = runOn(new FakeChip(), (program) => {
      program.loopback(true);
      program.waitUntil(1000);
      program.loopback(true);
      write(program, timeoutRegister, 100);
      program.systemReset(true);
      program.systimeInit(true);
      program.barrier(4);
      program.loopback(false);
    });
    expect(received.annotations).toBe(0);
    expect(received.answers.map(({ kind }) => kind)).toEqual(["tick", "tick", "timeout", "halt"]);
  });

  it("starts systime from the base that the chip holds", () => {
    const { received } = runOn(new FakeChip(), (program) => {
      write(program, 0, 0xffff_ff00);
      write(program, 1, 0x123);
      program.systimeInit(true);
      program.loopback(true);
      program.loopback(false);
      read(program, 0x8800_2003);
      read(program, 0x8800_2004);
    });
    expect(times(received, "tick")).toEqual([0x123_ffff_ff01]);
    expect(values(received, "omnibusData")).toEqual([0x123, 0xffff_ff00]);
  });

  it("records events only while the register says so, with their chip time", () => {
    const chip = new FakeChip();
    const { received } = timed(chip, (program) => {
      program.timingSetup();
      program.loopback(true);
      program.spikePack3(1, 2, 3);
      program.waitUntil(200);
      program.loopback(true);
      write(program, 0x8800_0005, 0);
      program.spikePack2(4, 5);
      program.waitUntil(500);
      write(program, 0x8800_0005, 1);
      program.spikePack1(6);
      program.waitUntil(700);
    });
    const start = times(received, "tick")[0]!;
    expect(received.spikes.map(({ value }) => value)).toEqual([1, 2, 3, 6]);
    expect(received.spikes[0]!.time).toBe(2 * (start + 1));
  });

  it("speaks JTAG: identification, bypass, register access, PLL and PHY registers", () => {
    const chip = new FakeChip();
    const { received, executor } = timed(chip, (program) => {
      const shift = (ins: number, bits: number, data: number, keep: boolean, high = 0) => {
        program.jtagIns(ins);
        program.jtagData(high, data, bits, keep);
      };
      program.jtagInit();
      program.jtagData(0, 0, 32, true);
      shift(127, 16, 0xabcd, true);
      shift(5, 33, scratch, false);
      shift(6, 32, 0xdead_beef, false);
      shift(7, 3, 0, false);
      shift(5, 33, scratch, false, 1);
      shift(7, 3, 0, false);
      shift(6, 32, 0, true);
      shift(3, 4, 2, false);
      shift(4, 32, 0x2a20_a902, false);
      shift(3, 4, 1, false);
      shift(4, 32, 0, false);
      shift(3, 4, 2, false);
      shift(4, 32, 0, true);
      shift(64 + 8 * 7 + 4, 22, 0x20_4000, false);
      shift(64 + 8 * 7 + 4, 22, 0, true);
      shift(5, 33, nowhere, false, 1);
      shift(7, 3, 0, false);
    });
    const idcode = 0x3485_80af;
    expect(values(received, "jtagData")).toEqual([idcode, (0xabcd << 1) & 0xffff, 0xdead_beef, 0x2a20_a902, 0x20_4000]);
    expect(executor.counters.unansweredJtagRequests).toBe(1);
  });

  it("shifts over JTAG no faster than its clock", () => {
    const duration = (divider: number): number => {
      const { received } = timed(new FakeChip(), (program) => {
        program.jtagScaler(divider);
        program.loopback(true);
        program.jtagData(0, 0, 32, false);
        program.loopback(true);
      });
      const [before, after] = times(received, "tick") as [number, number];
      return after - before;
    };
    expect(duration(1)).toBeGreaterThanOrEqual(32);
    expect(duration(6)).toBeGreaterThanOrEqual(6 * 32);
  });

  it("counts what is no program and goes on", () => {
    const executor = new Executor(new FakeChip());
    // Unknown opcode, a shift of 2 bits, data without address, an idle word, a tick.
    for (const hex of ["7f00000000000000", "0300020000000000", "0c00000000000001", "8000000000000000"])
      executor.push(fromHex(hex));
    executor.push(words((program) => program.loopback(true)));
    const received = new Receiver().push(drain(executor));
    expect(received.answers.map(({ kind }) => kind)).toEqual(["tick"]);
    expect(executor.counters).toMatchObject({ illegalWords: 2, strayData: 1, instructions: 4 });
    // The idle word took no time.
    expect(executor.cycle).toBe(4);
  });

  it("stops while nobody takes its answers", () => {
    const chip = new FakeChip();
    chip.samplePeriod = 8.5;
    const executor = new Executor(chip);
    executor.push(
      words((program) => {
        startTime(program);
        write(program, timeoutRegister, 0xffff_ffff);
        program.waitUntil(2_000_000);
        program.loopback(false);
      }),
    );
    expect(executor.run(() => false)).toBe("traceFull");
    const stoppedAt = executor.cycle;
    expect(executor.run(() => false)).toBe("traceFull");
    expect(executor.cycle).toBe(stoppedAt);
    expect(executor.counters.traceStalls).toBe(1);
    expect(executor.counters.traceBytes).toBeLessThan(400_000);
    const received = new Receiver().push(drain(executor));
    expect(received.samples.length).toBeGreaterThan(400_000);
    expect(received.answers.at(-1)?.kind).toBe("halt");
  });

  it("ends a slice in the middle of a wait and of a program", () => {
    const executor = new Executor(new FakeChip());
    executor.push(
      words((program) => {
        program.waitUntil(1_000_000);
        for (let i = 0; i < 1000; i++) program.loopback(true);
      }),
    );
    let slices = 0;
    while (executor.run(() => true) === "timeUp") slices++;
    expect(slices).toBeGreaterThan(1_000_000 / 8192);
    expect(executor.counters.instructions).toBe(1001);
  });

  it("forgets a host: its program, half an access, answers, registers", () => {
    const chip = new FakeChip();
    const executor = new Executor(chip);
    executor.push(
      words((program) => {
        startTime(program);
        write(program, timeoutRegister, 77);
        program.loopback(true);
        program.omnibusAddress(scratch, false, 0xf);
      }),
    );
    executor.run(() => false);
    executor.push(words((program) => program.waitUntil(70)));
    const before = executor.cycle;
    executor.reset();
    executor.push(
      words((program) => {
        program.omnibusData(5);
        read(program, timeoutRegister);
        read(program, 0x8800_0005);
        read(program, scratch);
        program.loopback(false);
      }),
    );
    const received = new Receiver().push(drain(executor));
    expect(values(received, "omnibusData")).toEqual([1_250_000, 0, 0]);
    expect(received.annotations).toBe(0);
    expect(executor.counters.strayData).toBe(1);
    expect(executor.cycle).toBeGreaterThan(before);
  });
});
