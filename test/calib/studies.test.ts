/** Studies over a stand-in device: their tables, what they keep, what they refuse; and the counting itself. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { Rng } from "../../src/base/rng.js";
import type { TraceCache } from "../../src/calib/amortised/population.js";
import { repeatsIn, twice } from "../../src/calib/embedding/repeats.js";
import { Progress } from "../../src/calib/progress.js";
import { studyCoverage } from "../../src/calib/study/coverage.js";
import { coverageOfRanks, coverageTable, ranksOf } from "../../src/calib/study/coverage-table.js";
import { studyEmbeddings } from "../../src/calib/study/embeddings.js";
import { studyPatterns } from "../../src/calib/study/patterns.js";
import { predictiveSummary } from "../../src/calib/study/predictive-study.js";
import type { StudyContext } from "../../src/calib/study/study-run.js";
import { studyTransfer } from "../../src/calib/study/transfer.js";
import type { Task } from "../../src/calib/task/task.js";
import { AtomicNeuronOnDls, capMemCellOfNeuron } from "../../src/device/interface/index.js";
import { kernels } from "../support/kernels.js";
import type { ToyOptions } from "./support/toy-session.js";
import { toySession, toyTask } from "./support/toy-task.js";

const [reset, tau] = [
  { name: "v_reset", min: 0, max: 800 },
  { name: "i_bias_adapt_tau", min: 0, max: 1022 },
] as const;
const task: Task = {
  ...toyTask,
  parameters: [reset, tau],
  demoRegion: [reset, tau],
  autoencoder: { ...toyTask.autoencoder, epochs: 5 },
};

/** Chips differ by a shift of their reset levels. */
function toyContext(
  changes: Partial<ToyOptions> = {},
): StudyContext & { opened: string[]; kept: Map<string, unknown> } {
  const kept = new Map<string, { theta: Int32Array; traces: Parameters<TraceCache["put"]>[2] }>();
  const opened: string[] = [];
  return {
    opened,
    kept,
    openChip: async (name) => {
      opened.push(name);
      return toySession({
        neuronOf: (neuron) => {
          const at = AtomicNeuronOnDls.at(neuron);
          const adaptationCell = capMemCellOfNeuron(at, "i_bias_adapt_tau");
          return { resetCell: capMemCellOfNeuron(at, "v_reset"), adaptationCell, shift: 20 * Number(name) + neuron };
        },
        ...changes,
      });
    },
    cache: {
      get: async (key, theta) => {
        const found = kept.get(key);
        return found !== undefined && found.theta.join() === theta.join() ? found.traces : undefined;
      },
      put: async (key, theta, traces) => void kept.set(key, { theta, traces }),
    },
    kernels,
    progress: new Progress(new ManualClock()),
  };
}

const common = {
  embedding: "spike-features",
  members: 1,
  steps: 150,
  targets: 24,
  checked: 4,
  draws: 2,
  repeats: 2,
} as const;

describe("the study of coverage", () => {
  const request = {
    ...common,
    task,
    population: { chips: ["0", "1"], neurons: [3, 9] },
    seeds: [1, 2],
    simulations: 200,
    refined: 2,
    refineRounds: 2,
    perTarget: 60,
  };

  it("judges shared and truncated posteriors on all seeds' targets, and goes on from what it kept", async () => {
    const context = toyContext();
    const study = await studyCoverage(context, request);
    expect(study.verdicts.map(({ name, judgement }) => [name, judgement.targets])).toEqual([
      ["shared estimator", 24],
      ["after two truncated rounds", 4],
    ]);
    const [shared, refined] = study.verdicts;
    for (const { name, levels, medianSd } of shared!.judgement.parameters) {
      expect(medianSd).toBeLessThan(name === "v_reset" ? 200 : 320);
      for (const { share } of levels) expect(share).toBeGreaterThan(0);
    }
    expect(shared!.judgement.bitsPerCode).toBeGreaterThan(0.2);
    expect(refined!.predictive.targets).toBe(4);
    expect(refined!.perTarget).toBe(120);
    expect(shared!.predictive.floor).toBeGreaterThan(0);
    const idle = toyContext({
      beforeRun: () => {
        throw new Error("the device was used");
      },
    });
    expect(await studyCoverage({ ...idle, cache: context.cache }, request)).toEqual(study);
  });
});

describe("the study of embeddings", () => {
  it("has a row for each kind at equal budget", async () => {
    const { verdicts } = await studyEmbeddings(toyContext(), {
      ...common,
      task,
      population: { chips: ["0"], neurons: [3] },
      kinds: ["spike-features", "joint", "pairs"],
      seed: 1,
      simulations: 160,
      cpuSeconds: () => 0,
    });
    expect(verdicts.map(({ kind }) => kind)).toEqual(["spike-features", "joint", "pairs"]);
    for (const { judgement, features } of verdicts) {
      expect(features).toBeGreaterThan(0);
      expect(Number.isFinite(judgement.bitsPerCode)).toBe(true);
    }
  });
});

describe("the study of transfer", () => {
  const request = {
    ...common,
    task,
    trainChips: ["0", "1"],
    testChips: ["2"],
    trainNeurons: [1, 2],
    testNeurons: [4],
    seed: 1,
    simulations: 120,
    refined: 1,
    perTarget: 60,
  };

  it("judges old and new chips, with and without probes", async () => {
    const { verdicts, trained, tested } = await studyTransfer(toyContext(), request);
    expect([trained, tested]).toEqual([4, 1]);
    expect(verdicts.map(({ name }) => name)).toEqual([
      "chips of the training, with probe",
      "new chip, without probe",
      "new chip, with probe",
      "new chip, after one truncated round",
    ]);
  });

  it("refuses to be judged on what it was trained on", async () => {
    await expect(studyTransfer(toyContext(), { ...request, testChips: ["1"] })).rejects.toMatchObject({
      _tag: "FieldOutOfRange",
    });
  });
});

describe("the study of patterns", () => {
  it("finds on every neuron the pattern that the device can show, and tells what it shows in place of the other", async () => {
    const { rows, neurons } = await studyPatterns(toyContext(), {
      ...{ task, population: { chips: ["0"], neurons: [1, 2, 3] }, patterns: ["adaptation", "regular-bursting"] },
      ...{ members: 1, steps: 60, seed: 1, simulations: 120, candidates: 6, rounds: 2, repeats: 1 },
    });
    expect(neurons).toBe(3);
    const [adaptation, bursting] = rows;
    expect(adaptation).toMatchObject({ pattern: "adaptation", neurons: 3, after: 3 });
    expect(adaptation!.inPrior).toBeGreaterThan(20);
    // The toy has no bursts whatever its codes.
    expect(bursting).toMatchObject({ after: 0, before: 0 });
    expect(Object.values(bursting!.instead).reduce((a, b) => a + b, 0)).toBe(3);
  });
});

describe("counting coverage", () => {
  const rng = Rng.fromSeed(3);

  it("is nominal for a right posterior over few whole numbers, and shows one that is too narrow", () => {
    // Truth and draws from the same law: 3000 targets have a counting error of 0.9 points; bounds are five of them.
    const n = 3000;
    const code = (sd: number): number => Math.round(3 + sd * rng.normal());
    const theta = Float64Array.from({ length: n }, () => code(1.5));
    const right = Float64Array.from({ length: 40 * n }, () => code(1.5));
    for (const { level, share } of coverageOfRanks(ranksOf(theta, right, 1, rng))) {
      expect(Math.abs(share - level)).toBeLessThan(0.045);
    }
    const narrow = Float64Array.from({ length: 40 * n }, () => code(0.5));
    const [table] = coverageTable(["code"], theta, narrow, rng);
    for (const { level, share } of table!.levels) expect(share).toBeLessThan(level - 0.1);
  });

  it("takes medians of distances over targets that have both", () => {
    expect(predictiveSummary([2, 4, Number.NaN], [1, 2, 1])).toEqual({
      targets: 2,
      distance: 3,
      floor: 1.5,
      ratio: 2,
      medianRatio: 2,
    });
  });
});

describe("repeats", () => {
  it("are found again when one is missing", () => {
    const theta = twice([1, 2, 3, 4, 5, 6], 2);
    expect([...theta]).toEqual([1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6]);
    const missing = theta.filter((_, i) => i < 6 || i > 7);
    expect([...repeatsIn(missing, 2)]).toEqual([1, 0, -1, 4, 3]);
    expect([...repeatsIn(missing, 2, [0, 1, 0, 0, 0])]).toEqual([-1, -1, -1, 4, 3]);
  });
});
