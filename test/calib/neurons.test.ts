/** Many neurons at once over a stand-in device: programs, the shared estimator, refinement, defects, resumption. */
import { beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { calibrateNeurons } from "../../src/calib/amortised/calibrate-neurons.js";
import type { NeuronsResult } from "../../src/calib/amortised/neurons-result.js";
import { ProbeMap, probeCount, probeSettings } from "../../src/calib/amortised/probe.js";
import { checkNeuronsRequest, neuronsRequestOf } from "../../src/calib/amortised/request.js";
import { symmetricEigen } from "../../src/calib/amortised/symmetric-eigen.js";
import { batchesOf } from "../../src/calib/recording/neurons-recorder.js";
import { MemoryRunStore } from "../../src/calib/store.js";
import type { Task } from "../../src/calib/task/task.js";
import { AtomicNeuronOnDls, capMemCellOfNeuron } from "../../src/device/interface/index.js";
import { renderNeuronsReport } from "../../src/report/index.js";
import { kernels } from "../support/kernels.js";
import type { ToyOptions, ToySession } from "./support/toy-session.js";
import { toySession, toyTask } from "./support/toy-task.js";

const task: Task = { ...toyTask, embedding: "spike-features", estimator: { ...toyTask.estimator, steps: 200 } };
const neurons = [3, 40, 300, 511];
const shifts = new Map([
  [3, -30],
  [40, 0],
  [300, 25],
  [511, 40],
]);

function manyToys(options: Partial<ToyOptions> = {}): ToySession {
  return toySession({
    neuronOf: (neuron) => {
      const at = AtomicNeuronOnDls.at(neuron);
      return {
        resetCell: capMemCellOfNeuron(at, "v_reset"),
        adaptationCell: capMemCellOfNeuron(at, "i_bias_adapt_tau"),
        shift: shifts.get(neuron) ?? 0,
      };
    },
    ...options,
  });
}

const request = () =>
  neuronsRequestOf(task, neurons, { kind: "demo" }, 5, { simulations: 240, refinements: 1, perRefinement: 60 });
const context = (store = new MemoryRunStore()) => ({ store, clock: new ManualClock(), kernels });

describe("many neurons", () => {
  const store = new MemoryRunStore();
  const session = manyToys();
  let result: NeuronsResult;

  beforeAll(async () => {
    result = await calibrateNeurons(session, request(), context(store));
  });

  it("each get a posterior around their own target's codes", () => {
    expect(result.neurons.map(({ neuron }) => neuron)).toEqual(neurons);
    for (const { parameters, setting } of result.neurons) {
      const reset = parameters[0]!;
      expect(reset.sd).toBeLessThan(0.25 * 295);
      // Six standard deviations: a false alarm in one of a million neurons, were the posterior normal.
      expect(Math.abs(reset.mean - (reset.truth ?? Number.NaN))).toBeLessThan(6 * reset.sd);
      expect(setting?.codes.v_leak).toBe(task.neuronCodes.v_leak);
    }
    expect(result.recordings.probe).toBe(neurons.length * probeCount(task));
    expect(result.recordings.simulations).toBe(240 + neurons.length * 60);
  });

  it("say how far their estimator may be trusted, on fresh emulations", () => {
    const { calibration, verdicts } = result.diagnostics!;
    expect(calibration.checks).toBe(20);
    expect(verdicts.map(({ name }) => name)).toEqual(["ranks (SBC)", "expected coverage", "TARP"]);
    for (const { name, passed, text } of verdicts)
      expect(result.notices.some((n) => n.startsWith(`${name}: ${text}`))).toBe(!passed);
    // The toys tell both codes well: a posterior that is the prior would tell nothing.
    expect(calibration.informationGain).toBeGreaterThan(1);
    for (const [i, { verdict, reasons }] of result.neurons.entries()) {
      expect(verdict?.reasons, `neuron ${neurons[i]}`).toEqual(reasons);
      expect(verdict?.ratio).toBeLessThanOrEqual(verdict!.predictiveRatio);
    }
  });

  it("have a report with every neuron, the verdicts and the map", () => {
    const page = renderNeuronsReport(result);
    for (const neuron of neurons) expect(page).toContain(`<tr><td>${neuron}</td>`);
    for (const name of ["expected coverage", "predictive check", "target within reach"])
      expect(page).toContain(`<td>${name}</td>`);
    expect(page.match(/<figure/g)?.length).toBe(3);
    expect(page).not.toMatch(/NaN|undefined|<script/);
  });

  it("resumes from the store without the device, with the same result", async () => {
    const idle = manyToys({
      beforeRun: () => {
        throw new Error("the device was used");
      },
    });
    const again = await calibrateNeurons(idle, request(), context(store));
    expect(again.neurons).toEqual(result.neurons);
  });

  it("settle together and are read out one at a time", () => {
    const program = session.programs.findLast((steps) => steps.some(({ type }) => type === "tick"))!;
    const online = new Set<number>();
    for (const step of program) {
      if (step.type !== "write" || step.container !== "NeuronConfig") continue;
      if (step.fields.enableReadout) online.add(step.at);
      else online.delete(step.at);
      expect(online.size).toBeLessThanOrEqual(1);
    }
    const settled = program.filter((s) => s.type === "write" && s.container === "ReadoutSourceSelection").length;
    expect(program.filter(({ type }) => type === "reset-timer").length).toBeLessThan(settled / 2);
  });
});

describe("a neuron that cannot be calibrated", () => {
  it("is a row with its reason, and the others go on", async () => {
    const flat = manyToys({
      neuronOf: (neuron) => {
        const at = AtomicNeuronOnDls.at(neuron);
        const adaptationCell = capMemCellOfNeuron(at, "i_bias_adapt_tau");
        // A reset level above the threshold never falls.
        return { resetCell: capMemCellOfNeuron(at, "v_reset"), adaptationCell, shift: neuron === 40 ? 800 : 0 };
      },
    });
    const { neurons: rows } = await calibrateNeurons(flat, { ...request(), refinements: 0 }, context());
    expect(rows.map(({ status }) => status === "failed")).toEqual([false, true, false, false]);
    expect(rows[1]).toMatchObject({ setting: null, parameters: [] });
    expect(rows[1]?.reasons[0]).toMatch(/spike/);
  });
});

describe("a request for many neurons", () => {
  it.each([
    ["a neuron twice", { neurons: [1, 1] }],
    ["one neuron", { neurons: [1] }],
    ["a neuron that is none", { neurons: [1, 512] }],
    ["too few simulations", { simulations: 10 }],
    ["too few in a round", { perRefinement: 5 }],
  ])("is refused for %s", (_, changes) => {
    expect(() => checkNeuronsRequest({ ...request(), ...changes })).toThrow(
      expect.objectContaining({ _tag: "FieldOutOfRange" }),
    );
  });
});

describe("batches of many neurons", () => {
  it("hold every item once, in waves without a neuron twice", () => {
    const theta = Int32Array.of(0);
    const items = Array.from({ length: 203 }, (_, i) => ({ neuron: (7 * i * i) % 23, theta }));
    const batches = batchesOf(items, 20);
    expect(batches.flat(2).sort((a, b) => a - b)).toEqual(items.map((_, i) => i));
    for (const waves of batches) {
      expect(waves.flat().length).toBeLessThanOrEqual(20);
      for (const wave of waves) expect(new Set(wave.map((i) => items[i]!.neuron)).size).toBe(wave.length);
    }
  });
});

describe("the probe", () => {
  it("asks for legal codes", () => {
    for (const codes of probeSettings(task)) {
      task.demoRegion.forEach(({ min, max }, j) => {
        expect(codes[j]).toBeGreaterThanOrEqual(min);
        expect(codes[j]).toBeLessThanOrEqual(max);
      });
    }
  });

  it("finds the one number by which neurons differ", () => {
    const rows = Float32Array.from({ length: 40 * 6 }, (_, i) =>
      i % 6 === 5 ? 3 : (1 + (i % 6)) * Math.sin(Math.floor(i / 6)),
    );
    const map = ProbeMap.fit(rows, 40);
    expect(map.size).toBe(1);
    const contexts = map.apply(rows, 40);
    const ratio = (contexts[0]! - contexts[1]!) / (Math.sin(0) - Math.sin(1));
    for (let i = 2; i < 40; i++)
      expect(contexts[i]! - contexts[1]!).toBeCloseTo(ratio * (Math.sin(i) - Math.sin(1)), 3);
  });

  it("has the eigenvectors of a matrix that is known", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, 5), 3);
    expect(values.map((v) => Math.round(1e9 * v) / 1e9)).toEqual([5, 3, 1]);
    expect(Math.abs(vectors[3]! * vectors[4]!)).toBeCloseTo(0.5, 9);
  });
});
