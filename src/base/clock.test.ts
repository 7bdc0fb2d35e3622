import { describe, expect, it } from "vitest";
import { ManualClock } from "./clock.js";

describe("ManualClock", () => {
  it("adds up what it is advanced by", () => {
    const clock = new ManualClock();
    clock.advance(10);
    clock.advance(10);
    expect(clock.now()).toBe(20);
  });

  it("fires alarms in order of time, also those set by an alarm", () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.after(5, () => {
      seen.push(`b@${clock.now()}`);
      clock.after(2, () => seen.push(`c@${clock.now()}`));
    });
    clock.after(3, () => seen.push(`a@${clock.now()}`));
    clock.after(100, () => seen.push("late"));
    clock.advance(10);
    expect(seen).toEqual(["a@3", "b@5", "c@7"]);
    expect(clock.pendingAlarms).toBe(1);
  });

  it("forgets a cancelled alarm", () => {
    const clock = new ManualClock();
    let fired = false;
    clock.after(1, () => (fired = true)).cancel();
    clock.advance(2);
    expect(fired).toBe(false);
  });
});
