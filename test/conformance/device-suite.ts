/**
 * What every device must do, silicon or software, whatever wire it hangs on. Speaks through the device interface alone;
 * addresses that the interface has no name for are stated here.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import {
  AtomicNeuronOnDls,
  CadcSampleQuad,
  CadcSampleQuadOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  CapMemCellOnDls,
  type ContainerType,
  capMemCellOfNeuron,
  connectCadc,
  type Device,
  FpgaDeviceDna,
  fpgaCyclesPerUs,
  InstructionTimeoutConfig,
  MadcConfig,
  MadcControl,
  madcChipTimes,
  NeuronConfig,
  ReadoutSourceSelection,
  type RunOptions,
  readCadcRow,
  type Session,
  type SharedCapMemCell,
  sharedCapMemCell,
  theChip,
  theFpga,
} from "../../src/device/interface/index.js";
import { busyProgram } from "../support/busy-program.js";

/** A word of the chip's address space that holds no register: between the MADC (0xc0000) and the synapse bias (0x100000). */
const nowhere: ContainerType<"OnDls", { value: number }> = {
  name: "Nowhere",
  doc: "An address without a register.",
  coordinate: { name: "OnDls", size: 1, at: () => theChip, format: () => "chip", parse: () => theChip },
  bus: "omnibus",
  access: "rw",
  wordCount: 1,
  fields: [],
  defaults: { value: 0 },
  addresses: () => [0x000f_0000],
  writeOrder: [0],
  encode: ({ value = 0 }) => Uint32Array.of(value),
  decode: (words) => ({ value: words[0] as number }),
  usedBits: Uint32Array.of(0xffff_ffff),
  describe: () => "Nowhere",
};

export function describeDevice(name: string, open: () => Promise<Device>): void {
  describe(name, () => {
    let device: Device;
    let session: Session;
    beforeAll(async () => {
      device = await open();
      session = await device.openSession();
    });
    afterAll(async () => {
      await device?.close();
    });

    it("says who it is", async () => {
      expect(device.identity.boardId).toMatch(/^[0-9a-f]{15}$/);
      expect(device.identity.bitfileInfo).toMatch(/version/);
      const builder = session.program();
      const dna = builder.read(FpgaDeviceDna, theFpga);
      await session.run(builder.build());
      expect(BigInt(`0x${device.identity.boardId}`)).toBe((BigInt(dna.get().high) << 32n) | BigInt(dna.get().low));
    });

    it("keeps the CapMem codes that were written, in any order of cells", async () => {
      const rng = Rng.fromSeed(17).fork("capmem");
      const cells = rng.permutation(CapMemCellOnDls.size).subarray(0, 200);
      const codes = Array.from(cells, () => rng.int(1023));
      const builder = session.program();
      for (const [i, cell] of cells.entries()) {
        builder.write(CapMemCell, CapMemCellOnDls.at(cell), { value: codes[i]! });
      }
      const tickets = Array.from(cells, (cell) => builder.read(CapMemCell, CapMemCellOnDls.at(cell)));
      await session.run(builder.build());
      expect(tickets.map((ticket) => ticket.get().value)).toEqual(codes);
    });

    it("answers ticks in order and waits in FPGA time", async () => {
      const waits = [10, 125, 1_000, 12_500];
      const builder = session.program();
      const ticks = waits.map((cycles) => {
        builder.resetTimer();
        const before = builder.tick();
        builder.waitUntil(cycles);
        return [before, builder.tick()] as const;
      });
      const { endFpgaTime } = await session.run(builder.build());
      let last = 0;
      for (const [i, [before, after]] of ticks.entries()) {
        expect(before.fpgaTime()).toBeGreaterThan(last);
        const passed = after.fpgaTime() - before.fpgaTime();
        // The instructions themselves take some cycles.
        expect(passed).toBeGreaterThanOrEqual(waits[i]! - 8);
        expect(passed).toBeLessThan(waits[i]! + 64);
        last = after.fpgaTime();
      }
      expect(endFpgaTime).toBeGreaterThan(last);
    });

    it("lets FPGA time go on from program to program", async () => {
      const first = await session.run(session.program().build());
      const second = await session.run(session.program().build());
      expect(second.endFpgaTime).toBeGreaterThan(first.endFpgaTime);
    });

    it("begins anew from cold when asked, at the chip time that was asked for", async () => {
      const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(9), "v_reset");
      await session.run(session.program().write(CapMemCell, cell, { value: 321 }).build());
      const systimeBase = 5 * 2 ** 40;
      await session.reinit({ systimeBase });
      const builder = session.program();
      const ticket = builder.read(CapMemCell, cell);
      const tick = builder.tick();
      await session.run(builder.build());
      expect(ticket.get().value).not.toBe(321);
      expect(tick.fpgaTime()).toBeGreaterThan(systimeBase);
      // One second, far more than the initialisation takes after the synchronisation.
      expect(tick.fpgaTime()).toBeLessThan(systimeBase + 125_000_000);
      const { madc } = await recordMembrane(session, 50);
      expect(madcChipTimes(madc)[0]).toBeGreaterThan(2 * systimeBase);
      await session.reinit();
      await expect(session.reinit({ systimeBase: 2 ** 43 })).rejects.toMatchObject({ _tag: "FieldOutOfRange" });
    });

    it("does not take a wait of 30 ms for a stuck instruction", async () => {
      const wait = 30_000 * fpgaCyclesPerUs;
      const builder = session.program().resetTimer();
      const before = builder.tick();
      builder.waitUntil(wait);
      const after = builder.tick();
      await session.run(builder.build());
      expect(after.fpgaTime() - before.fpgaTime()).toBeGreaterThanOrEqual(wait - 8);
    });

    it("passes barriers when all is idle", async () => {
      const builder = session.program();
      const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(3), "v_leak");
      builder.write(CapMemCell, cell, { value: 77 }).barrier("omnibus").barrier("omnibus", "jtag", "systime");
      const ticket = builder.read(CapMemCell, cell);
      builder.barrier("omnibus");
      await session.run(builder.build());
      expect(ticket.get()).toMatchObject({ value: 77 });
    });

    it("reports an access to an address without a register, and is usable afterwards", async () => {
      const builder = session.program();
      // A short timeout, so that nobody waits for long.
      builder.write(InstructionTimeoutConfig, theFpga, { value: 12_500 }).barrier("omnibus");
      const ticket = builder.read(nowhere, theChip);
      builder.barrier("omnibus");
      await expect(session.run(builder.build())).rejects.toMatchObject({
        _tag: "NotificationReceived",
        message: expect.stringContaining("Nowhere"),
      });
      expect(ticket.isReady).toBe(false);
      const restore = session.program().write(InstructionTimeoutConfig, theFpga, { value: 125_000_000 });
      const limit = restore.read(InstructionTimeoutConfig, theFpga);
      await session.run(restore.build());
      expect(limit.get()).toEqual({ value: 125_000_000 });
    });

    it("takes a program of 200,000 words and executes all of it", async () => {
      const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(5), "v_reset");
      const builder = session.program();
      for (let i = 0; i < 100_000; i++) builder.write(CapMemCell, cell, { value: i % 1023 });
      const ticket = builder.read(CapMemCell, cell);
      await session.run(builder.build());
      expect(ticket.get()).toMatchObject({ value: 99_999 % 1023 });
    });

    it("stops an aborted program and runs the next one", async () => {
      const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(6), "v_reset");
      const builder = session.program();
      for (let i = 0; i < 100_000; i++) builder.write(CapMemCell, cell, { value: 9 });
      const controller = new AbortController();
      const running = session.run(builder.build(), { signal: controller.signal });
      const next = session.program();
      const ticket = next.read(CapMemCell, cell);
      const nextRun = session.run(next.build());
      setImmediate(() => controller.abort("enough"));
      await expect(running).rejects.toBe("enough");
      await nextRun;
      expect(ticket.isReady).toBe(true);
    });

    it("lets go of a program that waits for minutes", async () => {
      const controller = new AbortController();
      const running = session.run(busyProgram(session), { signal: controller.signal });
      setTimeout(() => controller.abort("enough"), 20);
      await expect(running).rejects.toBe("enough");
      await session.close();
      session = await device.openSession();
      await session.run(session.program().build());
    });

    it("sends the MADC's samples of a neuron at the rate that was configured", async () => {
      const { madc, span } = await recordMembrane(session, 200);
      // 500 MHz / (12 + 5), in units of 4 ns.
      const period = (17 / 500) * 250;
      expect(madc.value.length).toBeGreaterThan(0.98 * (span / period));
      expect(madc.value.length).toBeLessThan(1.02 * (span / period) + 400);
      const chipTime = madcChipTimes(madc);
      const mean = (chipTime.at(-1)! - chipTime[0]!) / (chipTime.length - 1);
      expect(mean).toBeGreaterThan(0.99 * period);
      expect(mean).toBeLessThan(1.01 * period);
      expect(chipTime.every((time, i) => i === 0 || time >= chipTime[i - 1]!)).toBe(true);
      expect(Math.max(...madc.value)).toBeLessThan(1024);
      expect(madc.channel.every((channel) => channel === 0)).toBe(true);
    });

    it("puts samples into the memory of spent ones, and nothing of those comes with them", async () => {
      const { madc: first } = await recordMembrane(session, 200);
      const [last, length] = [madcChipTimes(first).at(-1)!, first.value.length];
      const { madc: second } = await recordMembrane(session, 100, { spent: first });
      expect(second.value.length).toBeGreaterThan(1000);
      expect(second.value.length).toBeLessThan(length);
      expect(second.channel).toHaveLength(second.value.length);
      const times = madcChipTimes(second);
      expect(times).toHaveLength(second.value.length);
      expect(times[0]).toBeGreaterThan(last);
      expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true);
    });

    it("sends no samples of an earlier program with a later one", async () => {
      await recordMembrane(session, 50);
      const { madc } = await session.run(session.program().resetTimer().waitUntil(1000).build());
      expect(madc.value).toHaveLength(0);
    });

    it("converts a row of membranes with the CADC, and again without a new conversion", async () => {
      const setUp = session.program();
      connectCadc(setUp);
      for (let block = 0; block < CapMemBlockOnDls.size; block++) {
        const cell = (name: SharedCapMemCell) => sharedCapMemCell(CapMemBlockOnDls.at(block), name);
        setUp.write(CapMemCell, cell("neuron_i_bias_readout_amp"), { value: 110 });
        setUp.write(CapMemCell, cell("neuron_i_bias_leak_source_follower"), { value: 100 });
      }
      // Leak potentials some 0.4 V apart: more than mismatch could turn round.
      const codes = [450, 660];
      const neurons = [3, 100, 130, 255, 260, 511];
      neurons.forEach((neuron, i) => {
        const at = AtomicNeuronOnDls.at(neuron);
        setUp.write(NeuronConfig, at, { enableReadoutAmplifier: true, membraneCapacitorSize: 63 });
        setUp.write(CapMemCell, capMemCellOfNeuron(at, "v_leak"), { value: codes[i % 2]! });
        setUp.write(CapMemCell, capMemCellOfNeuron(at, "i_bias_leak"), { value: 500 });
      });
      await session.run(
        setUp
          .resetTimer()
          .waitUntil(40_000 * fpgaCyclesPerUs)
          .build(),
      );
      const builder = session.program();
      const rows = [readCadcRow(builder, 0), readCadcRow(builder, 1)];
      const again = builder.read(CadcSampleQuad, CadcSampleQuadOnDls.of(0, 0, 1, 0, 25));
      expect(rows[0]!.isReady).toBe(false);
      await session.run(builder.build());
      const [top, bottom] = rows.map((row) => row.get());
      for (const type of ["causal", "acausal"] as const) {
        const counts = [...top![type], ...bottom![type]];
        expect(counts).toHaveLength(512);
        for (let i = 0; i < neurons.length; i += 2)
          expect(counts[neurons[i + 1]!]! - counts[neurons[i]!]!).toBeGreaterThan(30);
      }
      // Quad 25 holds the columns 200, 202, 204, 206.
      expect(Object.values(again.get())).toEqual([200, 202, 204, 206].map((column) => top!.causal[column]));
      expect(rows[1]!.fpgaTime()).toBeGreaterThan(rows[0]!.fpgaTime());
    });

    it("is one user's at a time", async () => {
      await expect(device.openSession()).rejects.toMatchObject({ _tag: "DeviceBusy" });
      await session.close();
      session = await device.openSession();
      await session.run(session.program().build());
    });
  });
}

/** Record neuron 0's membrane. @returns the samples and how long the MADC ran, units of 4 ns */
async function recordMembrane(session: Session, us: number, options: RunOptions = {}) {
  const cycles = us * fpgaCyclesPerUs;
  const control = (commands: object) => ({ enablePreAmplifier: true, ...commands });
  const builder = session
    .program()
    .write(NeuronConfig, AtomicNeuronOnDls.at(0), { enableReadoutAmplifier: true, enableReadout: true })
    .write(ReadoutSourceSelection, theChip, { neuronEvenTop0: true })
    .write(MadcConfig, theChip, { numberOfSamples: 65_535 })
    .write(MadcControl, theChip, control({ wakeUp: true }))
    .resetTimer()
    .waitUntil(1250)
    .write(MadcControl, theChip, control({}))
    .resetTimer();
  const start = builder.tick();
  builder.write(MadcControl, theChip, control({ startRecording: true }));
  builder.waitUntil(125).write(MadcControl, theChip, control({})).waitUntil(cycles);
  const stop = builder.tick();
  builder.write(MadcControl, theChip, control({ stopRecording: true }));
  builder
    .waitUntil(cycles + 125)
    .write(MadcControl, theChip, control({}))
    .waitUntil(cycles + 2500)
    .barrier("omnibus");
  const { madc } = await session.run(builder.build(), options);
  return { madc, span: 2 * (stop.fpgaTime() - start.fpgaTime()) };
}
