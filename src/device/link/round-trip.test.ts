import { expect, test } from "vitest";
import { RoundTrip } from "./round-trip.js";

const shortest = 0.756;

test("a fast board keeps the shortest time, a slow one gets what it needs, none more than the longest", () => {
  const fast = new RoundTrip(shortest, 20);
  expect(fast.lateAfter).toBe(shortest);
  for (let i = 0; i < 50; i++) fast.measured(0.1);
  expect(fast.lateAfter).toBe(shortest);
  const slow = new RoundTrip(shortest, 20);
  for (let i = 0; i < 200; i++) slow.measured(3);
  expect(slow.lateAfter).toBeCloseTo(3, 5);
  for (let i = 0; i < 50; i++) slow.measured(100);
  expect(slow.lateAfter).toBe(20);
});

test("times that vary leave room for four deviations, after RFC 6298", () => {
  const trip = new RoundTrip(shortest, 20);
  trip.measured(2);
  // First measurement R: mean R, deviation R / 2.
  expect(trip.lateAfter).toBeCloseTo(2 + 4 * 1, 12);
  trip.measured(4);
  // Deviation 3/4 * 1 + 1/4 * |2 - 4|, mean 7/8 * 2 + 1/8 * 4.
  expect(trip.lateAfter).toBeCloseTo(2.25 + 4 * 1.25, 12);
});
