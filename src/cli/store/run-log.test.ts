import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ManualClock } from "../../base/clock.js";
import { RunLog, readLog, secondsSpent } from "./run-log.js";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hxloop-log-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function session(steps: (log: RunLog, clock: ManualClock) => void): RunLog {
  const clock = new ManualClock();
  const log = new RunLog(directory, clock);
  log.append({ type: "session-started", device: "virtual:", backend: "auto", versions: {} });
  steps(log, clock);
  log.close();
  return log;
}
const started = (phase: "record" | "autoencoder") =>
  ({ type: "phase-started", phase, label: phase, total: 9, unit: "x" }) as const;

it("numbers its lines over all sessions, and passes over a line that a crash cut", () => {
  session((log) => log.append({ type: "notice", text: "first" }));
  appendFileSync(join(directory, "log.jsonl"), '{"seq":2,"session":1,"at":"2026-01-');
  session((log) => log.append({ type: "session-ended", state: "finished", reason: null }));
  const entries = readLog(directory);
  expect(entries.map(({ seq, session, type }) => [seq, session, type])).toEqual([
    [0, 1, "session-started"],
    [1, 1, "notice"],
    [2, 2, "session-started"],
    [3, 2, "session-ended"],
  ]);
  expect(readFileSync(join(directory, "log.jsonl"), "utf8").split("\n")).toHaveLength(6);
});

it("counts the seconds of a killed session as far as its last line", () => {
  session((log, clock) => {
    clock.advance(1000);
    log.append(started("record"));
    for (let i = 0; i < 50; i++) {
      clock.advance(100);
      log.append({ type: "phase-progress", phase: "record", done: i });
    }
  });
  // Progress is written once in a second: 50 events in 5 seconds.
  expect(readLog(directory)).toHaveLength(2 + 5);
  const { earlier } = session((log, clock) => {
    log.append(started("record"));
    clock.advance(2000);
    log.append({ type: "phase-finished", phase: "record", seconds: 2 });
    clock.advance(500);
    log.append(started("autoencoder"));
    clock.advance(3000);
    log.append({ type: "notice", text: "so far" });
  });
  expect(earlier.record).toBeCloseTo(4.1, 9);
  expect(earlier.total).toBeCloseTo(5.1, 9);
  const all = secondsSpent(readLog(directory));
  expect(all.record).toBeCloseTo(6.1, 9);
  expect(all.train).toBeCloseTo(3, 9);
  expect(all.total).toBeCloseTo(10.6, 9);
});
