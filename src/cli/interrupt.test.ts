import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../base/clock.js";
import { Interrupted, InterruptGuard } from "./interrupt.js";

function guarded() {
  const clock = new ManualClock();
  const source = new EventEmitter();
  const said: string[] = [];
  let exits = 0;
  const guard = new InterruptGuard({ clock, source, say: (text) => said.push(text), exit: () => exits++ });
  guard.lastWords = () => "last words";
  return { clock, source, said, guard, exits: () => exits };
}

describe("InterruptGuard", () => {
  it.each(["SIGINT", "SIGTERM"])("aborts at the first %s and lets the work end", (name) => {
    const { source, guard, exits } = guarded();
    source.emit(name);
    expect(guard.signal.reason).toBeInstanceOf(Interrupted);
    expect(exits()).toBe(0);
  });

  it("takes a press that arrives twice for one", () => {
    const { clock, source, exits } = guarded();
    source.emit("SIGINT");
    clock.advance(20);
    source.emit("SIGINT");
    expect(exits()).toBe(0);
  });

  it("leaves at once at the second one", () => {
    const { clock, source, said, exits } = guarded();
    source.emit("SIGINT");
    clock.advance(500);
    source.emit("SIGINT");
    expect(exits()).toBe(1);
    expect(said.at(-1)).toBe("last words");
  });

  it("leaves within two seconds when the work does not end", () => {
    const { clock, source, exits } = guarded();
    source.emit("SIGINT");
    clock.advance(1999);
    expect(exits()).toBe(1);
  });

  it("lets go of the process", () => {
    const { source, guard } = guarded();
    guard.dispose();
    expect(source.listenerCount("SIGINT") + source.listenerCount("SIGTERM")).toBe(0);
  });
});
