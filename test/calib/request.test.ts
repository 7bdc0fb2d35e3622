/** What a calibration refuses before it touches a device, and what it derives from a request. */
import { describe, expect, it } from "vitest";
import {
  type CalibrationRequest,
  checkRequest,
  demoTarget,
  requestOf,
  splitSimulations,
} from "../../src/calib/request.js";
import type { TraceTarget } from "../../src/calib/target/trace.js";
import { paperTask } from "../../src/calib/task/paper.js";
import { checkedTheta, thetaFromNames } from "../../src/calib/task/task.js";
import { taskByName } from "../../src/calib/task/tasks.js";
import { AtomicNeuronOnDls } from "../../src/device/interface/index.js";
import { toyRequest } from "./support/toy-task.js";

const trace = (changes: Partial<TraceTarget>): TraceTarget => ({
  kind: "trace",
  source: "given",
  timeUs: Float64Array.from({ length: 501 }, (_, i) => 2 * i),
  // A saw-tooth: a reset every 40 us.
  values: Float64Array.from({ length: 501 }, (_, i) => 300 + 10 * (i % 20)),
  unit: "lsb",
  ...changes,
});

describe("a request", () => {
  it("passes when everything is in range", () => {
    checkRequest(toyRequest());
    checkRequest(toyRequest({ target: trace({}) }));
    checkRequest(requestOf(paperTask, 511, demoTarget(paperTask, 3), Number.MAX_SAFE_INTEGER));
  });

  it("has as many of the task's rounds as few simulations are enough for, unless rounds are named", () => {
    const roundsOf = (changes: { simulations?: number; rounds?: number }): number =>
      requestOf(paperTask, 0, demoTarget(paperTask, 1), 1, changes).rounds;
    expect([{}, { simulations: 10_000 }, { simulations: 250 }, { simulations: 40 }].map(roundsOf)).toEqual([
      5, 5, 2, 1,
    ]);
    expect(roundsOf({ simulations: 250, rounds: 4 })).toBe(4);
  });

  it.each<[string, Partial<CalibrationRequest>, string]>([
    ["a trace that never spikes", { target: trace({ values: new Float64Array(501).fill(300) }) }, "TargetUnreachable"],
    ["a neuron that is not there", { neuron: 512 }, "FieldOutOfRange"],
    ["half a neuron", { neuron: 0.5 }, "FieldOutOfRange"],
    ["a negative seed", { seed: -1 }, "FieldOutOfRange"],
    ["a seed beyond the integers", { seed: 2 ** 53 }, "FieldOutOfRange"],
    ["no rounds", { rounds: 0 }, "FieldOutOfRange"],
    ["too many rounds", { rounds: 11 }, "FieldOutOfRange"],
    ["too few simulations", { simulations: 39, rounds: 1 }, "FieldOutOfRange"],
    ["too few simulations per round", { simulations: 99, rounds: 3 }, "FieldOutOfRange"],
    ["not a number of simulations", { simulations: Number.NaN }, "FieldOutOfRange"],
    ["too few draws", { draws: 1 }, "FieldOutOfRange"],
    ["a code above the range", { target: { kind: "theta", codes: Int32Array.of(1023, 5) } }, "FieldOutOfRange"],
    ["a code below the range", { target: { kind: "theta", codes: Int32Array.of(5, -1) } }, "FieldOutOfRange"],
    ["a code too few", { target: { kind: "theta", codes: Int32Array.of(5) } }, "FieldOutOfRange"],
    ["a trace with NaN", { target: trace({ values: new Float64Array(501).fill(Number.NaN) }) }, "TargetInvalid"],
    ["a trace without values", { target: trace({ values: new Float64Array(0) }) }, "TargetInvalid"],
    ["a trace that is too short", { target: trace({ timeUs: Float64Array.of(0, 1), values: Float64Array.of(300, 300) }) }, "TargetInvalid"], // biome-ignore format: one case per line
    ["a trace out of range", { target: trace({ unit: "v" }) }, "TargetInvalid"],
  ])("is refused: %s", (_, changes, tag) => {
    expect(() => checkRequest(toyRequest(changes))).toThrow(expect.objectContaining({ _tag: tag }));
  });

  it("splits its simulations over the rounds without losing any", () => {
    expect(splitSimulations(1600, 2)).toEqual([960, 640]);
    expect(splitSimulations(1000, 1)).toEqual([1000]);
    for (const rounds of [1, 2, 3, 7, 10]) {
      for (const total of [400, 997, 1601]) {
        const parts = splitSimulations(total, rounds);
        expect(parts).toHaveLength(rounds);
        expect(parts.reduce((a, b) => a + b)).toBe(total);
        expect(Math.max(...parts.slice(1)) - Math.min(...parts.slice(1))).toBeLessThanOrEqual(1);
      }
    }
  });

  it("draws demonstration targets from the seed, inside the task's region", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const { codes } = demoTarget(paperTask, seed);
      for (const [j, { min, max }] of paperTask.demoRegion.entries()) {
        expect(codes[j]).toBeGreaterThanOrEqual(min);
        expect(codes[j]).toBeLessThanOrEqual(max);
      }
      expect(demoTarget(paperTask, seed).codes).toEqual(codes);
      seen.add(codes.join());
    }
    expect(seen.size).toBeGreaterThan(45);
  });
});

describe("a task", () => {
  it("is found by name, or the message lists the names", () => {
    expect(taskByName("paper")).toBe(paperTask);
    expect(() => taskByName("papier")).toThrow(/papier.*paper/);
  });

  it("orders codes given by name, and refuses unknown and missing ones", () => {
    expect([...thetaFromNames(paperTask, { i_bias_adapt_tau: 7, v_reset: 500 })]).toEqual([500, 7]);
    expect(() => thetaFromNames(paperTask, { v_reset: 1, i_bias_adapt_tau: 1, v_leak: 1 })).toThrow(/v_leak/);
    expect(() => thetaFromNames(paperTask, { v_reset: 1 })).toThrow(/i_bias_adapt_tau = missing/);
    expect(() => checkedTheta(paperTask, [1, 1023])).toThrow(/i_bias_adapt_tau = 1023 .*0\.\.1022/);
    expect(() => checkedTheta(paperTask, [1.5, 0])).toThrow(/v_reset = 1.5/);
  });

  it("sets every CapMem cell of the neuron exactly once: fixed, or inferred", async () => {
    const { neuronCapMemRows } = await import("../../src/device/interface/index.js");
    const named = [...Object.keys(paperTask.neuronCodes), ...paperTask.parameters.map(({ name }) => name)];
    expect(named.sort()).toEqual([...neuronCapMemRows].sort());
    expect(AtomicNeuronOnDls.size).toBe(512);
  });
});
