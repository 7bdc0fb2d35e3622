import { describe, expect, it } from "vitest";
import { Rng } from "../base/rng.js";
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CapMemCellOnDls,
  CommonNeuronBackendConfig,
  capMemCellOfNeuron,
  NeuronBackendConfig,
  type NeuronCapMemRow,
  NeuronConfig,
} from "../protocol/index.js";
import { CapMem } from "./blocks/capmem.js";
import { type NeuronWords, snapshotWords } from "./blocks/neuron-switches.js";
import { resolveImperfections } from "./imperfections.js";
import { NoiseStream } from "./noise.js";
import { ReferenceStepper } from "./physics/stepper.js";
import { Population } from "./population.js";

const codes: Partial<Record<NeuronCapMemRow, number>> = {
  ...{ v_leak: 530, v_reset: 450, v_threshold: 430, i_bias_leak: 300, i_bias_reset: 1022, i_mem_offset: 700 },
  ...{ i_bias_synin_exc_tau: 500, i_bias_synin_exc_gm: 200, i_bias_synin_inh_tau: 500, i_bias_synin_inh_gm: 200 },
  ...{ i_bias_synin_exc_shift: 310, i_bias_synin_inh_shift: 310 },
  ...{ i_bias_nmda: 400, v_adapt_leak: 330, v_adapt_ref: 300, i_bias_adapt_tau: 200 },
};
type ConfigFields = Partial<ReturnType<typeof NeuronConfig.decode>>;
const working: ConfigFields = { enableFire: true, enableThresholdComparator: true, membraneCapacitorSize: 63 };
const n = (index: number): AtomicNeuron => AtomicNeuronOnDls.at(index);

/** Neurons with settled cells; `config` may differ from one to the next. */
class Bench {
  readonly spikes: [neuron: number, step: number][] = [];
  readonly population: Population;
  readonly #words = new Map<AtomicNeuron, NeuronWords>();

  constructor(preset: "ideal" | "typical", neurons: readonly number[], config: (neuron: number) => ConfigFields) {
    const root = Rng.fromSeed(8);
    const capMem = new CapMem(root, { writeNoise: 0, crosstalk: 0 });
    // Written long before, so that the levels have settled.
    for (const neuron of neurons)
      for (const [row, value] of Object.entries(codes))
        capMem.write(capMemCellOfNeuron(n(neuron), row as NeuronCapMemRow), value, -1e9);
    const comparator = CapMemCellOnDls.size - 1;
    capMem.write(comparator, 500, -1e9);
    const follower = comparator - 1;
    capMem.write(follower, 100, -1e9);
    const common = CommonNeuronBackendConfig.encode({ clockScaleSlow: 3, clockScaleFast: 3 });
    const words = (fields: ConfigFields): NeuronWords =>
      snapshotWords(NeuronConfig.encode(fields), NeuronBackendConfig.encode({ refractoryTime: 30 }), common);
    this.population = new Population({
      membraneNoise: new NoiseStream(root.fork("membrane")),
      driftNoise: new NoiseStream(root.fork("drift")),
      mismatch: root.fork("mismatch"),
      imperfections: resolveImperfections(preset, {}),
      capMem,
      biasCells: () => ({ comparator, follower }),
      defect: () => undefined,
      onSpike: (neuron, step) => void this.spikes.push([neuron, step]),
      stepper: new ReferenceStepper(),
      powerUpWords: words({}),
      wordsOf: (neuron) => this.#words.get(neuron) ?? words({}),
    });
    for (const neuron of neurons) this.set(neuron, 0, words({ ...working, ...config(neuron) }));
  }

  set(neuron: number, step: number, words: NeuronWords): void {
    this.#words.set(n(neuron), words);
    this.population.change(n(neuron), step);
  }

  /** Membrane of an observed neuron at the step to which it has been advanced. */
  v(neuron: number, step: number): number {
    return this.population.probe([n(neuron)], step)[0]?.v ?? Number.NaN;
  }

  /** Spike steps of one neuron. */
  of(neuron: number): number[] {
    return this.spikes.filter(([index]) => index === neuron).map(([, step]) => step);
  }
}

const firing = (): ConfigFields => ({ enableMembraneOffset: true });

describe("Population", () => {
  it("integrates a neuron alike alone and among many, whatever the cuts", () => {
    const many = Array.from({ length: 40 }, (_, i) => 7 * i);
    const together = new Bench("typical", many, firing);
    together.population.observe(many.map(n), 100_000);
    together.population.advance(many.map(n), 103_000);
    for (const neuron of [0, 7, 7 * 39]) {
      const alone = new Bench("typical", [neuron], firing);
      alone.population.observe([n(neuron)], 100_000);
      for (const step of [100_001, 100_900, 103_000]) alone.population.advance([n(neuron)], step);
      expect(alone.of(neuron).length).toBeGreaterThan(2);
      expect(together.of(neuron)).toEqual(alone.of(neuron));
      expect(together.v(neuron, 103_000)).toBe(alone.v(neuron, 103_000));
    }
  });

  it("lets an event at a synaptic input rise and decay on the membrane, also one of the warm-up", () => {
    const input = { enableSynapticInputExcitatory: true, enableSynapticInputInhibitory: true };
    const course = (events: [step: number, amplitude: number][], observedFrom: number): number[] => {
      const bench = new Bench("ideal", [3], () => input);
      for (const [step, amplitude] of events) bench.population.synapticEvent(n(3), step, "excitatory", amplitude);
      bench.population.observe([n(3)], observedFrom);
      return [200_050, 200_100, 200_400, 203_000].map((step) => {
        bench.population.advance([n(3)], step);
        return bench.v(3, step);
      });
    };
    const [at0, at1, at2, late] = course([[200_050, 0.1]], 200_000) as [number, number, number, number];
    expect(at1).toBeGreaterThan(at0 + 0.001);
    expect(at2).toBeGreaterThan(at1);
    expect(late).toBeCloseTo(at0, 3);
    // Seen from later on, the past is the same; two half events are one.
    expect(course([[200_050, 0.1]], 200_050)[2]).toBeCloseTo(at2, 9);
    expect(course([[200_050, 0.05], [200_050, 0.05]], 200_000)[2]).toBeCloseTo(at2, 12); // biome-ignore format: pairs
  });

  it("carries a current from a dendrite to a soma through soma line and conductance", () => {
    // Neuron 10 sits on the soma line, 11 reaches it through its conductance; only 11 gets current.
    const joins: Record<number, ConfigFields> = {
      10: { connectSoma: true, connectSomaRight: true },
      11: { enableMulticompartmentConductance: true, enableMembraneOffset: true, enableThresholdComparator: false },
    };
    const bench = new Bench("ideal", [9, 10, 11], (neuron) => joins[neuron] ?? {});
    const quiet = [n(9), n(10)];
    bench.population.observe(quiet, 100_000);
    bench.population.advance(quiet, 103_000);
    expect(bench.of(9)).toEqual([]);
    expect(bench.of(10).length).toBeGreaterThan(3);
    expect(bench.of(11)).toEqual([]);
    expect(bench.v(11, 103_000)).toBeGreaterThan(bench.v(10, 103_000));
  });

  it("parts joined neurons when the switch opens, each going on from where it was", () => {
    const bench = new Bench("ideal", [10, 11], (neuron) =>
      neuron === 10 ? { connectMembraneRight: true, enableMembraneOffset: true } : {},
    );
    const both = [n(10), n(11)];
    bench.population.observe(both, 100_000);
    bench.population.advance(both, 101_000);
    const shared = bench.v(10, 101_000);
    expect(bench.v(11, 101_000)).toBe(shared);
    const common = CommonNeuronBackendConfig.encode({});
    const apart = NeuronConfig.encode({ ...working, enableMembraneOffset: true, enableFire: false });
    bench.set(10, 101_000, snapshotWords(apart, NeuronBackendConfig.encode({}), common));
    bench.population.advance(both, 101_001);
    expect(bench.v(11, 101_001)).toBeCloseTo(shared, 2);
    bench.population.advance(both, 110_000);
    expect(bench.v(10, 110_000)).toBeGreaterThan(bench.v(11, 110_000) + 0.05);
  });
});
