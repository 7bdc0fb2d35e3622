import { describe, expect, it } from "vitest";
import { type Alarm, type Instant, ManualClock } from "../../base/clock.js";
import type { CalibrationEvent } from "../../calib/events.js";
import { makeTerminal, type Terminal } from "../terminal.js";
import { makeDisplay } from "./display.js";
import { describePhase, formatDuration, renderLive } from "./render.js";
import { advance, type Progress, rateOf, secondsLeft, startProgress } from "./state.js";

const started: CalibrationEvent = {
  type: "phase-started",
  phase: "record",
  label: "recording, round 1",
  total: 1000,
  unit: "experiments",
};
const progressed = (done: number, kept = 0): CalibrationEvent => {
  return { type: "phase-progress", phase: "record", done, kept };
};
const finished: CalibrationEvent = { type: "phase-finished", phase: "record", seconds: 20, detail: "3 unusable" };

/** Events at given seconds. */
function play(...steps: readonly (readonly [number, CalibrationEvent])[]): { progress: Progress; now: Instant } {
  const clock = new ManualClock();
  let progress = startProgress(clock.now());
  for (const [second, event] of steps) {
    clock.advance(second * 1000 - clock.now());
    progress = advance(progress, event, clock.now());
  }
  return { progress, now: clock.now() };
}

const only = (progress: Progress) => progress.phases[0]!;

function capture(isLive: boolean, columns = 80, rows = 24): { terminal: Terminal; err: string[]; out: string[] } {
  const [err, out] = [[] as string[], [] as string[]];
  const into = (lines: string[]) => ({
    write: (text: string | Uint8Array) => lines.push(String(text)) > 0,
    isTTY: isLive,
    columns,
    rows,
    hasColors: () => false,
  });
  return { terminal: makeTerminal(into(out), into(err), {}), err, out };
}

describe("progress", () => {
  it("estimates the time left from the measured rate", () => {
    const { progress, now } = play([0, started], [1, progressed(50)], [2, progressed(100)]);
    expect(rateOf(only(progress))).toBeCloseTo(50);
    expect(secondsLeft(only(progress), now)).toBeCloseTo(18);
    expect(describePhase(only(progress), now)).toBe(
      "recording, round 1: 100/1000 experiments  50.0/s  0:02 elapsed  0:18 left",
    );
  });

  it("counts the time that has passed since the last event", () => {
    const { progress } = play([0, started], [2, progressed(100)]);
    expect(secondsLeft(only(progress), 5000 as Instant)).toBeCloseTo(15);
    expect(secondsLeft(only(progress), 500_000 as Instant)).toBe(0);
  });

  it("follows a change of pace: batches that were kept earlier come at once, new ones take their time", () => {
    const slow = Array.from({ length: 30 }, (_, i) => [2 + 2 * i, progressed(500 + 10 * (i + 1))] as const);
    const { progress } = play([0, started], [0.1, progressed(500)], ...slow);
    expect(rateOf(only(progress))).toBeCloseTo(5);
  });

  it("counts what an earlier session did for no rate", () => {
    const kept = progressed(600, 600);
    const { progress, now } = play([0, started], [0, kept], [2, progressed(700, 600)], [4, finished]);
    expect(describePhase(only(progress), now)).toContain("done  100 experiments in 20.0 s  5.00/s");
    const running = play([0, started], [0.1, kept], [2.1, progressed(700, 600)]);
    expect(rateOf(only(running.progress))).toBeCloseTo(100 / 2.1);
    expect(secondsLeft(only(running.progress), running.now)).toBeCloseTo(6.3);
    const nothingNew = play([0, started], [0, progressed(1000, 1000)], [1, finished]);
    expect(describePhase(only(nothingNew.progress), nothingNew.now)).toContain("done  0 experiments in 20.0 s  3 un");
  });

  it("names one thing as one, and gives no share for a training that ended early", () => {
    const of = (total: number, unit: string): CalibrationEvent => ({ ...started, total, unit }) as CalibrationEvent;
    const one = play([0, of(1, "experiments")], [1, progressed(1)]);
    expect(describePhase(only(one.progress), one.now)).toContain("round 1: 1/1 experiment ");
    const training = play([0, of(100, "%")], [1, progressed(28)], [2, finished]);
    expect(describePhase(only(training.progress), training.now)).toBe(
      "recording, round 1: done  in 20.0 s  3 unusable",
    );
  });

  it("says nothing about the rate before it has been measured", () => {
    const { progress, now } = play([0, started]);
    expect(secondsLeft(only(progress), now)).toBeUndefined();
    expect(describePhase(only(progress), now)).toBe("recording, round 1: 0/1000 experiments  0:00 elapsed");
  });

  it("keeps phases of the same kind apart", () => {
    const { progress, now } = play(
      [0, started],
      [19, progressed(1000)],
      [20, finished],
      [20, started],
      [21, progressed(9)],
    );
    expect(progress.phases.map((p) => p.done)).toEqual([1000, 9]);
    expect(describePhase(only(progress), now)).toBe(
      "recording, round 1: done  1000 experiments in 20.0 s  50.0/s  3 unusable",
    );
  });

  it("ignores progress of a phase that does not run", () => {
    expect(play([0, progressed(4)]).progress.phases).toEqual([]);
  });

  it.each([
    [0, "0:00"],
    [75, "1:15"],
    [3700, "1:01:40"],
  ])("writes %d s as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe("the live block", () => {
  it("shows a bar, the count, and the time in all, and stays inside the terminal", () => {
    const { progress, now } = play([0, started], [2, progressed(500)]);
    const lines = renderLive(progress, now, capture(true, 200).terminal);
    expect(lines[0]).toBe(`▸ ${"█".repeat(12)}${"░".repeat(12)} ${describePhase(only(progress), now)}`);
    expect(lines[1]).toBe("  0:02 elapsed in all");
    for (const line of renderLive(progress, now, capture(true, 40).terminal)) expect(line.length).toBeLessThan(40);
  });

  it("drops the oldest phases when the terminal is too low for all", () => {
    const { progress, now } = play(...Array.from({ length: 9 }, (_, i) => [i, started] as const));
    const lines = renderLive(progress, now, capture(true, 80, 6).terminal);
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toContain("in all");
  });

  it("redraws itself in place and stops with nothing left to fire", () => {
    const clock = new ManualClock();
    const { terminal, err, out } = capture(true);
    const display = makeDisplay(terminal, clock, false);
    display.listener(started);
    clock.advance(1000);
    expect(err.length).toBeGreaterThan(4);
    expect(err[1]?.startsWith("\x1b[2A\x1b[J▸")).toBe(true);
    display.stop();
    display.stop();
    const written = err.length;
    clock.advance(10_000);
    expect([err.length, clock.pendingAlarms, out.length]).toEqual([written, 0, 0]);
  });

  it("makes way for a line that somebody else prints", () => {
    const clock = new ManualClock();
    const { terminal, err } = capture(true);
    const display = makeDisplay(terminal, clock, false);
    display.listener(started);
    terminal.say("stopping");
    clock.advance(1000);
    display.stop();
    const at = err.indexOf("stopping\n");
    expect(err[at - 1]).toBe("\x1b[2A\x1b[J");
    expect(err[at + 1]).toMatch(/^▸/);
  });

  it("paints from events while timers cannot run", () => {
    const clock = new ManualClock();
    const { terminal, err } = capture(true);
    const never = (): Alarm => ({ cancel() {} });
    const stalled = { now: () => clock.now(), after: never, afterInput: never };
    const display = makeDisplay(terminal, stalled, false);
    display.listener(started);
    clock.advance(200);
    display.listener(progressed(300));
    display.stop();
    expect(err.some((text) => text.includes("300/1000"))).toBe(true);
  });
});

describe("piped", () => {
  it("gives one line per step, no more than one in five seconds, no escape codes", () => {
    const clock = new ManualClock();
    const { terminal, err } = capture(false);
    const display = makeDisplay(terminal, clock, false);
    display.listener(started);
    for (let second = 1; second <= 20; second++) {
      clock.advance(1000);
      display.listener(progressed(50 * second));
    }
    display.listener(finished);
    display.stop();
    expect(err).toHaveLength(1 + 4 + 1);
    expect(err.join("")).not.toContain("\x1b");
    expect(err[0]).toBe("recording, round 1: 1000 experiments\n");
  });

  it("lets warnings alone through when quiet", () => {
    const { terminal, err } = capture(false);
    const display = makeDisplay(terminal, new ManualClock(), true);
    display.listener(started);
    display.listener({ type: "notice", text: "2 recordings were dropped" });
    display.listener(finished);
    expect(err).toEqual(["note: 2 recordings were dropped\n"]);
  });
});
