import { describe, expect, it } from "vitest";
import type { Instant } from "../base/clock.js";
import type { Sharing } from "../protocol/gateway-api.js";
import { Turns } from "./turns.js";

const at = (ms: number): Instant => ms as Instant;

/** A board of which each session's waiting runs and kind are set by hand. */
function scene(sliceMs: number) {
  const wants = new Map<string, { sharing: Sharing; waiting: number; isFresh: boolean }>();
  const turns = new Turns(sliceMs, 60_000);
  return {
    turns,
    want(session: string, waiting: number, sharing: Sharing = "restored", isFresh = false) {
      if (!wants.has(session)) turns.add(session);
      wants.set(session, { sharing, waiting, isFresh });
    },
    next: (ms: number) =>
      turns.next(at(ms), (session) => {
        const found = wants.get(session);
        return found && { session, ...found };
      }),
    ahead: (session: string) =>
      turns.ahead(session, (other) => {
        const found = wants.get(other);
        return found && { session: other, ...found };
      }),
  };
}

describe("Turns", () => {
  it("serves sessions in a circle, each for its slice", () => {
    const { want, next } = scene(100);
    for (const session of ["a", "b", "c"]) want(session, 9);
    const served = [0, 50, 99, 100, 150, 200, 300, 400].map((ms) => next(ms));
    expect(served.map((turn) => turn && "session" in turn && turn.session)).toEqual([
      "a",
      "a",
      "a",
      "b",
      "b",
      "c",
      "a",
      "b",
    ]);
  });

  it("lets a session go on when nobody waits", () => {
    const { want, next } = scene(100);
    want("a", 1);
    for (const ms of [0, 1000, 10_000]) expect(next(ms)).toEqual({ session: "a" });
    want("a", 0);
    expect(next(10_001)).toBeUndefined();
  });

  it("waits a moment for the next request of a session within its slice", () => {
    const { turns, want, next } = scene(100);
    want("a", 1);
    expect(next(0)).toEqual({ session: "a" });
    turns.served(at(10));
    want("a", 0);
    want("b", 1);
    expect(next(10)).toEqual({ waitMs: 20 });
    expect(next(30)).toEqual({ session: "b" });
  });

  it("gives the board away before a fresh run only, when a session has chains", () => {
    const { want, next } = scene(100);
    want("a", 2, "chains", true);
    want("b", 1);
    expect(next(0)).toEqual({ session: "a" });
    want("a", 1, "chains", false);
    expect(next(500)).toEqual({ session: "a" });
    want("a", 1, "chains", true);
    expect(next(501)).toEqual({ session: "b" });
  });

  it("takes the board from who has held it for the longest time that is allowed, when somebody waits", () => {
    const { want, next } = scene(100);
    want("a", 1, "hold");
    expect(next(0)).toEqual({ session: "a" });
    want("a", 0, "hold");
    expect(next(90_000)).toBeUndefined();
    want("b", 1);
    expect(next(90_001)).toEqual({ session: "b" });
    want("a", 1, "hold");
    want("b", 0);
    expect(next(90_200)).toEqual({ session: "a" });
    want("b", 1);
    expect(next(90_201)).toEqual({ session: "a" });
    want("a", 0, "hold");
    expect(next(100_000)).toEqual({ waitMs: 50_200 });
  });

  it("leaves the board to who holds it, until that one ends", () => {
    const { turns, want, next, ahead } = scene(100);
    want("a", 1, "hold");
    expect(next(0)).toEqual({ session: "a" });
    want("a", 0, "hold");
    want("b", 1);
    expect(next(10_000)).toEqual({ waitMs: 50_000 });
    expect(ahead("b")).toBe(1);
    turns.remove("a");
    expect(next(10_001)).toEqual({ session: "b" });
    expect(ahead("b")).toBe(0);
  });
});
