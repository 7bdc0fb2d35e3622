/**
 * Statistics of a chip's 512 neurons, measured through the device interface alone (CADC, spike counters) and held to the
 * spreads of docs/chip-model.md, "Mismatch". Each test compares one sample of 512 with its law by Kolmogorov and Smirnov
 * at a false-alarm rate of 1e-4: the distance must stay below sqrt(-ln(1e-4 / 2) / 2 / 512) = 0.0983. Five tests: one
 * false alarm in 2000 seeds. For the counts the law itself is a sample of 20,000, which adds 2.5 % to the bound.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { Rng } from "../../src/base/rng.js";
import {
  AtomicNeuronOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  CommonNeuronBackendConfig,
  capMemCellOfNeuron,
  connectCadc,
  type Device,
  fpgaCyclesPerUs,
  NeuronBackendBlockOnDls,
  NeuronBackendConfig,
  type NeuronCapMemRow,
  NeuronConfig,
  type PlaybackProgramBuilder,
  readCadcRow,
  type Session,
  SpikeCounterRead,
  SpikeCounterReset,
  sharedCapMemCell,
} from "../../src/device/interface/index.js";

const neurons = Array.from({ length: AtomicNeuronOnDls.size }, (_, n) => AtomicNeuronOnDls.at(n));
const critical = Math.sqrt(Math.log(2 / 1e-4) / 2 / neurons.length);
/** What leak and reset lie below their cells, V. */
const drop = 0.37;
const cellVolts = (code: number): number => 0.02 + 1.88e-3 * code;
/** An ideal CADC's count back to volts. */
const volts = (count: number): number => 0.06 + 4.5e-3 * count;

const erf = (x: number): number => {
  // Abramowitz and Stegun 7.1.26: error below 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
};
const normalCdf = (x: number, mean: number, sd: number): number => (1 + erf((x - mean) / sd / Math.SQRT2)) / 2;

/** Largest distance between a sample's distribution and a law; for rounded values looked at between two of them. */
function distance(sample: readonly number[], cdf: (x: number) => number, rounding = 0): number {
  const sorted = [...sample].sort((a, b) => a - b);
  let largest = 0;
  sorted.forEach((x, i) => {
    const isLast = sorted[i + 1] !== x;
    if (isLast) largest = Math.max(largest, Math.abs((i + 1) / sorted.length - cdf(x + rounding / 2)));
    if (rounding === 0) largest = Math.max(largest, Math.abs(i / sorted.length - cdf(x)));
  });
  return largest;
}

describe("512 neurons of a chip with mismatch and nothing else", { timeout: 120_000 }, () => {
  let device: Device;
  let session: Session;

  const writeAll = (builder: PlaybackProgramBuilder, codes: Partial<Record<NeuronCapMemRow, number>>): void => {
    for (const neuron of neurons)
      for (const [name, value] of Object.entries(codes) as [NeuronCapMemRow, number][])
        builder.write(CapMemCell, capMemCellOfNeuron(neuron, name), { value });
  };
  const settle = (builder: PlaybackProgramBuilder): void =>
    void builder.resetTimer().waitUntil(60_000 * fpgaCyclesPerUs);
  const common = (builder: PlaybackProgramBuilder, forceReset: boolean): void => {
    for (let block = 0; block < NeuronBackendBlockOnDls.size; block++)
      builder.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(block), {
        clockScaleSlow: 3,
        clockScaleFast: 3,
        forceReset,
      });
  };
  const configureAll = (builder: PlaybackProgramBuilder, fires: boolean): void => {
    for (const neuron of neurons)
      builder.write(NeuronConfig, neuron, {
        membraneCapacitorSize: 63,
        enableReadoutAmplifier: true,
        enableResetMultiplication: true,
        enableFire: fires,
        enableThresholdComparator: fires,
      });
  };
  /** Membranes of all neurons, V, and the times of the two halves' conversions, FPGA cycles. */
  const readAll = async (builder: PlaybackProgramBuilder) => {
    const rows = [readCadcRow(builder, 0), readCadcRow(builder, 1)];
    await session.run(builder.build());
    return { v: rows.flatMap((row) => [...row.get().causal].map(volts)), times: rows.map((row) => row.fpgaTime()) };
  };
  /** Spikes of all neurons, and how long each was counted, us: counters are reset and read one after the other. */
  const count = async (us: number) => {
    const builder = session.program();
    const ticks = [builder.tick()];
    for (const neuron of neurons) builder.write(SpikeCounterReset, neuron, {});
    ticks.push(builder.tick());
    builder.resetTimer().waitUntil(us * fpgaCyclesPerUs);
    ticks.push(builder.tick());
    const tickets = neurons.map((neuron) => builder.read(SpikeCounterRead, neuron));
    ticks.push(builder.tick());
    await session.run(builder.build());
    const [a, b, c, d] = ticks.map((tick) => tick.fpgaTime() / fpgaCyclesPerUs);
    return { counts: tickets.map((ticket) => ticket.get().count), window: (c! - a! + d! - b!) / 2 };
  };

  const leakCode = 560;
  const resetCode = 400;
  let leak: number[] = [];

  beforeAll(async () => {
    device = await openDevice("virtual:?chip=21&preset=ideal&mismatch=1");
    session = await device.openSession();
    const builder = session.program();
    connectCadc(builder);
    for (let block = 0; block < CapMemBlockOnDls.size; block++)
      for (const [name, value] of [
        ["neuron_i_bias_readout_amp", 110],
        ["neuron_i_bias_leak_source_follower", 100],
        ["neuron_i_bias_spike_comparator", 200],
      ] as const)
        builder.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
    for (const neuron of neurons) builder.write(NeuronBackendConfig, neuron, { refractoryTime: 30 });
    writeAll(builder, { v_leak: leakCode, v_reset: resetCode, i_bias_leak: 300, i_bias_reset: 1022, v_threshold: 900 });
    common(builder, false);
    configureAll(builder, false);
    settle(builder);
    ({ v: leak } = await readAll(builder));
  });
  afterAll(async () => {
    await device?.close();
  });

  it("have leak potentials spread by 25 mV", () => {
    const mean = cellVolts(leakCode) - drop;
    expect(distance(leak, (x) => normalCdf(x, mean, 0.025), 4.5e-3)).toBeLessThan(critical);
  });

  it("have reset potentials spread by 25 mV, and time constants by 20 % of the conductance and 3 % of the capacitor", async () => {
    const held = session.program();
    common(held, true);
    held.resetTimer().waitUntil(50 * fpgaCyclesPerUs);
    const { v: reset } = await readAll(held);
    const mean = cellVolts(resetCode) - drop;
    expect(distance(reset, (x) => normalCdf(x, mean, 0.025), 4.5e-3)).toBeLessThan(critical);

    // Let go, and look 8 us later where the membranes are on their way to the leak potential.
    const free = session.program();
    free.resetTimer();
    const start = free.tick();
    common(free, false);
    free.waitUntil(8 * fpgaCyclesPerUs);
    const { v, times } = await readAll(free);
    const tau = v.map((now, n) => {
      const elapsed = (times[n < 256 ? 0 : 1]! - start.fpgaTime()) / fpgaCyclesPerUs;
      return -elapsed / Math.log((leak[n]! - now) / (leak[n]! - reset[n]!));
    });
    const nominal = (0.035 * 63 + 0.2) / (0.73 * (300 / 1022) ** 0.8);
    const law = (x: number): number => normalCdf(x, Math.log(nominal), Math.hypot(0.2, 0.03));
    expect(distance(tau.map(Math.log), law)).toBeLessThan(critical);
  });

  it("have thresholds spread by 25 mV: where a neuron begins to fire as its threshold comes down", async () => {
    const highest = 424;
    const step = 12;
    const ready = session.program();
    configureAll(ready, true);
    await session.run(ready.build());
    const firstFiring = new Array<number>(neurons.length).fill(Number.NaN);
    for (let k = 0; k < 11; k++) {
      const builder = session.program();
      writeAll(builder, { v_threshold: highest - step * k });
      settle(builder);
      await session.run(builder.build());
      const { counts } = await count(40);
      counts.forEach((spikes, n) => {
        if (spikes > 0 && Number.isNaN(firstFiring[n])) firstFiring[n] = k;
      });
    }
    // It lies between the last two nominal values and the leak; a step of 23 mV is the measurement's own spread.
    const shift = firstFiring.map((k, n) => leak[n]! - cellVolts(highest - step * (k - 0.5)));
    const sd = Math.hypot(0.025, (step * 1.88e-3) / Math.sqrt(12));
    expect(distance(shift, (x) => normalCdf(x, 0, sd))).toBeLessThan(critical);
  });

  it("fire at the rates that these spreads give", async () => {
    const [leakAt, thresholdAt] = [650, 350];
    const builder = session.program();
    writeAll(builder, { v_leak: leakAt, v_threshold: thresholdAt });
    settle(builder);
    await session.run(builder.build());
    const { counts, window } = await count(200);
    const rng = Rng.fromSeed(5);
    const resetTau = (0.035 * 63 + 0.2) * (1 / (8 * 0.73) + 0.05);
    const law = Array.from({ length: 20_000 }, () => {
      const shifted = (mean: number): number => mean + 0.025 * rng.normal();
      const [e, r, th] = [
        shifted(cellVolts(leakAt) - drop),
        shifted(cellVolts(resetCode) - drop),
        shifted(cellVolts(thresholdAt)),
      ];
      // Held for 29 ticks of 64 ns, which leave a little of the way to the reset potential.
      const held = 1.856;
      const from = r + (th - r) * Math.exp(-held / resetTau);
      const tau =
        ((0.035 * 63 + 0.2) * Math.exp(0.03 * rng.normal())) /
        (0.73 * (300 / 1022) ** 0.8 * Math.exp(0.2 * rng.normal()));
      // The last spike before the window lies anywhere in an interval.
      return Math.floor(window / (held + tau * Math.log((e - from) / (e - th))) + rng.uniform());
    }).sort((a, b) => a - b);
    const cdf = (x: number): number => law.filter((y) => y <= x).length / law.length;
    expect(distance(counts, cdf, 1)).toBeLessThan(1.025 * critical);
  });
});
