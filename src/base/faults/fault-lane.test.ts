import { expect, it } from "vitest";
import { ManualClock } from "../clock.js";
import { Rng } from "../rng.js";
import { FaultLane } from "./fault-lane.js";
import { formatFaults, parseFaults } from "./fault-spec.js";

const numbered = (i: number): Uint8Array => Uint8Array.of(i >>> 16, i >>> 8, i, 0xee, 0xee, 0xee);
const numberOf = (bytes: Uint8Array): number => ((bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!) >>> 0;

function run(faults: string, count: number, seed = 1, corruption: "flip" | "lose" = "flip") {
  const clock = new ManualClock();
  const out: { at: number; bytes: Uint8Array }[] = [];
  const events: string[] = [];
  const lane = new FaultLane({
    spec: parseFaults(faults),
    rng: Rng.fromSeed(seed),
    clock,
    corruption,
    deliver: (bytes) => void out.push({ at: clock.now(), bytes }),
    cut: () => void events.push("cut"),
    restart: () => void events.push("restart"),
  });
  for (let i = 0; i < count; i++) {
    lane.push(numbered(i));
    clock.advance(0.01);
  }
  clock.advance(1000);
  return { lane, clock, out, events, numbers: out.map(({ bytes }) => numberOf(bytes)) };
}

it("reads and writes its text, and says what is wrong with it", () => {
  const text = "drop:0.05,corrupt:0.01,restart:@5000";
  expect(parseFaults(text)).toEqual({ drop: { chance: 0.05 }, corrupt: { chance: 0.01 }, restart: { at: 5000 } });
  expect(formatFaults(parseFaults(" restart:@5000 , drop:5e-2,corrupt:.01"))).toBe(text);
  for (const bad of [
    "",
    "drop",
    "drop:",
    "drop:-1",
    "drop:1.1",
    "drop:x",
    "lose:1",
    "drop:@0",
    "drop:0.1:2",
    "drop:0,drop:0",
  ])
    expect(() => parseFaults(bad), bad).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange" }));
});

it("changes nothing when nothing is asked for", () => {
  const { numbers, clock } = run("drop:0", 500);
  expect(numbers).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(clock.pendingAlarms).toBe(0);
});

it("does each fault about as often as it was told to", () => {
  // 20,000 draws at 5 %: sd 31; the bounds are 6.5 sd away, a false alarm in 10^10.
  const count = 20_000;
  for (const name of ["drop", "duplicate", "reorder", "corrupt", "truncate", "delay"] as const) {
    const { lane, out } = run(`${name}:0.05`, count, 3);
    expect(Math.abs(lane.counters[name] - 0.05 * count), name).toBeLessThan(200);
    const more = name === "drop" ? -lane.counters.drop : name === "duplicate" ? lane.counters.duplicate : 0;
    expect(out.length, name).toBe(count + more);
  }
});

it("keeps the order but for what is overtaken, and that by the next one alone", () => {
  expect(run("delay:0.2,stall:0.001", 3000).numbers).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  const { numbers } = run("reorder:0.2,delay:0.05", 3000, 9);
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  let latest = 0;
  let worst = 0;
  for (const number of numbers) {
    latest = Math.max(latest, number);
    worst = Math.max(worst, latest - number);
  }
  expect(worst).toBe(1);
});

it("damages what arrives, or loses it where the system below would", () => {
  const flipped = run("corrupt:1", 200).out.map(({ bytes }, i) => Buffer.compare(bytes, numbered(i)) !== 0);
  expect(flipped.filter(Boolean).length).toBeGreaterThan(180);
  expect(run("corrupt:1", 200, 1, "lose").out).toEqual([]);
  expect(run("truncate:1", 200).out.every(({ bytes }) => bytes.length < 6)).toBe(true);
});

it("pulls the cable or the power once, at the datagram that was named, and loses that one", () => {
  expect(run("disconnect:@5", 9)).toMatchObject({ events: ["cut"], numbers: [0, 1, 2, 3, 5, 6, 7, 8] });
  expect(run("restart:@1", 3)).toMatchObject({ events: ["restart"], numbers: [1, 2] });
});

it("is the same for the same seed, and leaves no alarm when it is closed", () => {
  const all = "drop:0.05,duplicate:0.05,reorder:0.05,corrupt:0.05,truncate:0.05,delay:0.05,stall:0.001";
  const once = run(all, 2000, 7);
  expect(run(all, 2000, 7).out).toEqual(once.out);
  expect(run(all, 2000, 8).out).not.toEqual(once.out);
  once.lane.push(numbered(1));
  once.lane.close();
  expect(once.clock.pendingAlarms).toBe(0);
});
