/** The whole calibration over a stand-in device: result, resumption, abort, and every way to fail clearly. */
import { beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import {
  type CalibrationContext,
  type CalibrationEvent,
  type CalibrationRequest,
  calibrate,
  calibrationResult,
  MemoryRunStore,
  type RunData,
} from "../../src/calib/index.js";
import { kernels } from "../support/kernels.js";
import { toyRequest, toySession, toyTask } from "./support/toy-task.js";

const context = (changes: Partial<CalibrationContext> = {}): CalibrationContext => ({
  store: new MemoryRunStore(),
  clock: new ManualClock(),
  kernels,
  backend: "wasm",
  ...changes,
});

/** The smallest run: one round. */
const small = (changes: Partial<CalibrationRequest> = {}): CalibrationRequest =>
  toyRequest({ simulations: 48, rounds: 1, draws: 4, ...changes });

describe("a calibration", () => {
  const store = new MemoryRunStore();
  const events: CalibrationEvent[] = [];
  const session = toySession();
  let data: RunData;

  beforeAll(async () => {
    data = await calibrate(session, toyRequest(), context({ store, listener: (event) => events.push(event) }));
  });

  it("narrows the parameter that the trace shows plainly, around the truth", () => {
    const [reset] = data.summary;
    expect(reset).toMatchObject({ name: "v_reset", prior: [0, 1022], truth: 400 });
    // The prior's sd is 295. The toy's reset level is 0.6 LSB per code with 2 LSB of noise; 120 emulations are few.
    expect(reset!.sd).toBeLessThan(0.8 * 295);
    expect(Math.abs(reset!.mean - 400)).toBeLessThan(3 * reset!.sd);
    for (const { q05, median, q95 } of data.summary) {
      expect(q05).toBeLessThan(median);
      expect(median).toBeLessThan(q95);
    }
  });

  it("gives all that the report draws, in agreeing shapes", () => {
    const { length } = toyTask.grid;
    expect(data.target.trace.length).toBe(length);
    expect(data.dataSet.count).toBe(72);
    expect(data.dataSet.traces.length).toBe(72 * length);
    const members = [...data.split.train, ...data.split.validation, ...data.split.test];
    expect(members.sort((a, b) => a - b)).toEqual(Array.from({ length: 72 }, (_, i) => i));
    expect(data.autoencoder.history.test).toHaveLength(toyTask.autoencoder.epochs);
    const { indices, traces, reconstructed } = data.reconstructions;
    expect(traces.length).toBe(indices.length * length);
    expect(reconstructed.length).toBe(traces.length);
    const first = indices[0]!;
    expect(traces.slice(0, length)).toEqual(data.dataSet.traces.slice(first * length, (first + 1) * length));
    expect(data.posterior.samples.length).toBe(50 * 2);
    expect(data.repeats.count).toBe(4);
    expect([...data.repeats.theta]).toEqual([400, 500, 400, 500, 400, 500, 400, 500]);
    expect(data.draws.theta).toEqual(data.posterior.samples.slice(0, 12));
    expect(data.predictive.drawDistances).toHaveLength(6);
    expect(data.predictive.floorDistances).toHaveLength(6);
    expect(data.predictive.noiseFloor).toBeGreaterThan(0);
    expect(data.facts).toMatchObject({
      device: session.identity,
      neuron: 300,
      task: "toy",
      seed: 11,
      simulations: 120,
      rounds: 2,
      perRound: [
        { requested: 72, usable: 72 },
        { requested: 48, usable: 48 },
      ],
      backend: "wasm",
    });
  });

  it("keeps every batch, the networks and the result", () => {
    const stages = new Set([...store.batches.keys()].map((key) => key.split("/")[0]));
    expect([...stages]).toEqual(["target", "round-1", "round-2", "repeats", "draws"]);
    expect([...store.networks.keys()]).toEqual(["autoencoder", "density-estimator-0"]);
    expect(store.result).toBe(data);
  });

  it("tells its phases with totals that are met", () => {
    const started = events.filter((event) => event.type === "phase-started");
    expect(started.map(({ phase, total, unit }) => `${phase} ${total} ${unit}`)).toEqual([
      "target 1 experiments",
      "record 72 experiments",
      "autoencoder 122 epochs",
      "posterior 100 %",
      "record 48 experiments",
      "posterior 100 %",
      "predictive 4 experiments",
      "predictive 6 experiments",
    ]);
    let total = 0;
    let done = 0;
    for (const event of events) {
      if (event.type === "phase-started") [total, done] = [event.total, 0];
      if (event.type === "phase-progress") {
        expect(event.done).toBeGreaterThanOrEqual(done);
        expect(event.done).toBeLessThanOrEqual(total);
        done = event.done;
      }
      if (event.type === "phase-finished" && event.phase !== "posterior") expect(done).toBe(total);
    }
    expect(events.filter((event) => event.type === "notice").map(({ text }) => text)).toEqual(data.facts.notices);
  });

  it("becomes one JSON object for other programs", () => {
    const result = JSON.parse(JSON.stringify(calibrationResult(data, "runs/1")));
    expect(Object.keys(result)).toEqual([
      "schema",
      "device",
      "neuron",
      "seed",
      "parameters",
      "simulations",
      "rounds",
      "seconds",
      "predictive",
      "diagnostics",
      "notices",
      "run",
    ]);
    expect(result).toMatchObject({ schema: "hxloop.calibration/1", device: "toy:", run: "runs/1" });
    expect(result.parameters[1]).toEqual({ ...data.summary[1], prior: [0, 1022] });
    expect(Object.keys(result.predictive)).toEqual(["distance", "noiseFloor"]);
  });

  it("resumes from the store without the device, with identical samples", async () => {
    const idle = toySession({
      beforeRun: () => {
        throw new Error("the device was used");
      },
    });
    const again = await calibrate(idle, toyRequest(), context({ store }));
    expect(idle.programs).toHaveLength(0);
    expect(again.posterior.samples).toEqual(data.posterior.samples);
    expect(again.summary).toEqual(data.summary);
    expect(again.predictive).toEqual(data.predictive);
  });

  it("repeats itself on an equal device with an equal seed, and not with another", async () => {
    const [a, b, c] = await Promise.all([
      calibrate(toySession(), small(), context()),
      calibrate(toySession(), small(), context()),
      calibrate(toySession(), small({ seed: 12 }), context()),
    ]);
    expect(a.posterior.samples).toEqual(b.posterior.samples);
    expect(a.posterior.samples).not.toEqual(c.posterior.samples);
  });

  it("refuses to go on from another seed's recordings", async () => {
    await expect(calibrate(toySession(), toyRequest({ seed: 12 }), context({ store }))).rejects.toMatchObject({
      _tag: "BatchMismatch",
      stage: "round-1",
    });
  });
});

describe("a calibration that is interrupted", () => {
  it("keeps what was recorded, and goes on from there", async () => {
    const controller = new AbortController();
    const store = new MemoryRunStore();
    const stopping = toySession({
      beforeRun: (run) => {
        if (run === 11) controller.abort(new Error("ctrl-c"));
      },
    });
    const interrupted = calibrate(stopping, small(), context({ store, signal: controller.signal }));
    await expect(interrupted).rejects.toThrow("ctrl-c");
    const kept = [...store.batches.keys()];
    expect(kept).toEqual(["target/0", "round-1/0", "round-1/1", "round-1/2", "round-1/3"]);
    const session = toySession();
    const data = await calibrate(session, small(), context({ store }));
    // The other 2 of 6 batches, repeats, draws, each with its set-up.
    expect(session.programs).toHaveLength(8);
    const undisturbed = await calibrate(toySession(), small(), context());
    expect(data.dataSet).toEqual(undisturbed.dataSet);
    expect(data.posterior).toEqual(undisturbed.posterior);
    expect(data.predictive).toEqual(undisturbed.predictive);
  });

  it("stops in training as well", async () => {
    const controller = new AbortController();
    const store = new MemoryRunStore();
    const listener = (event: CalibrationEvent): void => {
      if (event.type === "phase-progress" && event.phase === "posterior") controller.abort(new Error("ctrl-c"));
    };
    const run = calibrate(toySession(), small(), context({ store, signal: controller.signal, listener }));
    await expect(run).rejects.toThrow("ctrl-c");
    expect(store.batches.size).toBe(7);
    expect(store.result).toBeUndefined();
  });

  it("does not begin when the signal is already aborted", async () => {
    const session = toySession();
    const run = calibrate(session, small(), context({ signal: AbortSignal.abort(new Error("no")) }));
    await expect(run).rejects.toThrow("no");
    expect(session.programs).toHaveLength(0);
  });
});

describe("a calibration fails clearly", () => {
  it.each<[string, Partial<CalibrationRequest>, string]>([
    ["a wrong neuron", { neuron: 600 }, "FieldOutOfRange"],
    ["a wrong code", { target: { kind: "theta", codes: Int32Array.of(0, 2000) } }, "FieldOutOfRange"],
    ["an empty trace", { target: { kind: "trace", source: "t.csv", timeUs: new Float64Array(0), values: new Float64Array(0), unit: "v" } }, "TargetInvalid"], // biome-ignore format: one case per line
  ])("before the device is touched: %s", async (_, changes, tag) => {
    const session = toySession();
    const run = calibrate(session, small(changes), context());
    await expect(run).rejects.toMatchObject({ _tag: tag });
    expect(session.programs).toHaveLength(0);
  });

  it("for a target that never spikes, from codes or from a file, before the data set is recorded", async () => {
    const store = new MemoryRunStore();
    const silent = small({ target: { kind: "theta", codes: Int32Array.of(1022, 500) } });
    await expect(calibrate(toySession(), silent, context({ store }))).rejects.toMatchObject({
      _tag: "TargetUnreachable",
      failure: "input",
    });
    expect([...store.batches.keys()]).toEqual(["target/0"]);
    const timeUs = Float64Array.from({ length: 201 }, (_, i) => 5 * i);
    const flat = small({
      target: { kind: "trace", source: "flat.csv", timeUs, values: timeUs.map(() => 0.4), unit: "v" },
    });
    await expect(calibrate(toySession(), flat, context())).rejects.toThrow(/flat\.csv never spikes/);
  });

  it("when too few recordings can be used; the reasons are named", async () => {
    const session = toySession({ isDefective: (trial) => trial > 0 && trial % 4 !== 0 });
    const run = calibrate(session, small(), context());
    await expect(run).rejects.toMatchObject({ _tag: "TooFewSamples", stage: "round-1", usable: 12 });
    await expect(run).rejects.toThrow(/12 of 48 .*40 or more.*36 gap/);
  });
});

describe("a calibration goes on with a notice", () => {
  it("when some recordings cannot be used", async () => {
    const data = await calibrate(toySession({ isDefective: (trial) => trial === 5 }), small(), context());
    expect(data.dataSet.count).toBe(47);
    expect(data.facts.perRound).toEqual([{ requested: 48, usable: 47 }]);
    expect(data.facts.notices).toContainEqual(expect.stringMatching(/round-1: 1 of 48 .*1 gap/));
  });

  it("when a trace in volt was converted, and its truth stays unknown", async () => {
    const timeUs = Float64Array.from({ length: 1001 }, (_, i) => i);
    const values = timeUs.map((t) => (t >= 100 && t < 700 ? 0.5 + 0.02 * (t % 17) : 0.25));
    const target = { kind: "trace", source: "saw.csv", timeUs, values, unit: "v" } as const;
    const data = await calibrate(toySession(), small({ target }), context());
    expect(data.target.theta).toBeNull();
    expect(data.summary.map(({ truth }) => truth)).toEqual([null, null]);
    // 0.25 V at 1.2 V / 1024 per count.
    expect(data.target.trace[0]).toBeCloseTo(213.3, 1);
    expect(data.facts.notices).toContainEqual(expect.stringMatching(/saw\.csv was converted from volt/));
    const centre = data.summary.map(({ median }) => Math.round(median));
    expect([...data.repeats.theta.slice(0, 2)]).toEqual(centre);
  });
});
