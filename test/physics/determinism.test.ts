import { describe, expect, it } from "vitest";
import { AtomicNeuronOnDls, CapMemCell, CapMemCellOnDls, SpikeCounterRead } from "../../src/protocol/index.js";
import { BenchChip, us } from "./bench-chip.js";

interface Cut {
  /** Lengths of the waits between takes, us, used in turn. */
  readonly pieces: readonly number[];
  /** Also read registers at each stop. */
  readonly reads?: boolean;
  /** Also listen to other neurons. */
  readonly others?: readonly number[];
}

/** 300 us of the stimulated neuron 0, taken in pieces. */
function record(seed: number, cut: Cut): { time: number[]; value: number[]; spikes: number[] } {
  const bench = new BenchChip({ seed });
  bench.configure(0);
  for (const other of cut.others ?? []) {
    bench.writeCodes(other, { v_leak: 900, v_threshold: 300, i_bias_leak: 500 });
    bench.writeConfig(other, { enableReadout: false });
    bench.writeBackend(other, { enableSpikeOut: true, addressOut: 99 });
  }
  const time: number[] = [];
  const value: number[] = [];
  const spikes: number[] = [];
  const take = (): void => {
    const samples = bench.chip.takeMadc();
    time.push(...samples.time);
    value.push(...samples.value);
    const events = bench.chip.takeSpikes();
    for (let i = 0; i < events.count; i++) if ((events.label[i]! & 0xff) === 42) spikes.push(events.time[i]!);
  };
  bench.writeBackend(0, { enableSpikeOut: true, addressOut: 42 });
  bench.startMadc(20_000);
  const begin = bench.now;
  const stops = [20, 300].map((t) => begin + t * us);
  bench.writeConfig(0, {});
  let i = 0;
  for (const stop of stops) {
    while (bench.now < stop) {
      const piece = cut.pieces[i++ % cut.pieces.length]!;
      bench.wait(Math.min(piece, (stop - bench.now) / us));
      if (cut.reads) {
        bench.read(CapMemCell, CapMemCellOnDls.at(5));
        bench.read(SpikeCounterRead, AtomicNeuronOnDls.at(0));
      }
      take();
    }
    bench.writeConfig(0, { enableMembraneOffset: true });
  }
  take();
  return { time, value, spikes };
}

describe("what a chip gives depends on its seed and its program alone", () => {
  const whole = record(11, { pieces: [1000] });

  it("records some 8800 samples and a dozen spikes in the case at hand", () => {
    expect(whole.time.length).toBeGreaterThan(8500);
    expect(whole.spikes.length).toBeGreaterThan(5);
  });

  it("is the same when run again", () => {
    expect(record(11, { pieces: [1000] })).toEqual(whole);
  });

  it("does not depend on how the program is cut into reads", () => {
    expect(record(11, { pieces: [0.012, 3.7, 0.3, 40, 0.008], reads: true })).toEqual(whole);
    expect(record(11, { pieces: [32.768] })).toEqual(whole);
  });

  it("does not depend on what else is observed", () => {
    expect(record(11, { pieces: [17], others: [1, 2, 300] })).toEqual(whole);
  });

  it("differs from seed to seed", () => {
    expect(record(12, { pieces: [1000] }).value).not.toEqual(whole.value);
  });
});

describe("a chip's identity", () => {
  it("comes from its seed", () => {
    const dna = (seed: number) => new BenchChip({ seed }).chip.identity.dna;
    expect(dna(1)).toEqual(dna(1));
    expect(dna(1)).not.toEqual(dna(2));
    for (let seed = 0; seed < 50; seed++) expect(dna(seed)[1]).toBeLessThan(2 ** 25);
  });

  it("refuses knobs out of range", () => {
    expect(() => new BenchChip({ seed: 1, knobs: { mismatch: -1 } })).toThrow(
      expect.objectContaining({ _tag: "FieldOutOfRange" }),
    );
    expect(() => new BenchChip({ seed: 1, knobs: { drift: Number.NaN } })).toThrow(
      expect.objectContaining({ _tag: "FieldOutOfRange" }),
    );
  });

  it("answers nothing while its reset is on, and has forgotten its registers afterwards", () => {
    const bench = new BenchChip({ seed: 1 });
    bench.configure(0);
    const address = CapMemCell.addresses(CapMemCellOnDls.at(0))[0]!;
    expect(bench.chip.read(address)).toBe(530);
    bench.chip.reset(true);
    expect(bench.chip.read(address)).toBeUndefined();
    expect(bench.chip.write(address, 1, 0xf)).toBe(false);
    bench.chip.reset(false);
    expect(bench.chip.read(address)).toBe(0);
  });
});
