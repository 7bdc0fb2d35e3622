import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { type BackendName, selectBackend } from "./backend.js";
import { BackendUnavailable } from "./errors.js";

test("auto takes the fastest backend that works and says why the faster ones were not taken", async () => {
  const report = await selectBackend("auto");
  const order: BackendName[] = ["tfjs-node", "wasm", "cpu"];
  expect(report.rejected.map(({ name }) => name)).toEqual(order.slice(0, order.indexOf(report.name)));
  for (const { reason } of report.rejected) expect(reason).toMatch(/\S/);
  expect(report.versions["tfjs-core"]).toBe(tf.version_core);
  expect(report.versions[report.name]).toMatch(/^\d+\.\d+\.\d+/);
});

test.each(["wasm", "cpu"] as const)("%s can be asked for by name", async (name) => {
  const report = await selectBackend(name);
  expect(report).toMatchObject({ name, rejected: [] });
  expect(tf.getBackend()).toBe(name);
});

test("an explicit choice that cannot run is an error with the reason, and leaves the current backend", async () => {
  await selectBackend("wasm");
  let failure: unknown;
  try {
    const report = await selectBackend("tfjs-node");
    // Where the optional package is installed the choice must simply work.
    expect(report.name).toBe("tfjs-node");
    return;
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(BackendUnavailable);
  expect(failure).toMatchObject({ _tag: "BackendUnavailable", backend: "tfjs-node", failure: "usage" });
  expect((failure as Error).message).not.toMatch(/\n|\//);
  expect(tf.getBackend()).toBe("wasm");
});

test("starting a backend leaves no process-wide error handler behind", async () => {
  const count = (): number[] =>
    ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event));
  const before = count();
  // The module starts once per process: start it again under a fresh registration.
  tf.removeBackend("cpu");
  tf.registerBackend("cpu", () => {
    process.on("uncaughtException", () => {});
    process.on("unhandledRejection", () => {});
    throw new Error("does not start");
  });
  await expect(selectBackend("cpu")).rejects.toThrow(BackendUnavailable);
  expect(count()).toEqual(before);
});
