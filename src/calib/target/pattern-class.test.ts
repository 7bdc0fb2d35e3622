import { expect, test } from "vitest";
import { classOf, courseDistance } from "./pattern-class.js";

/** Spikes whose intervals go evenly, on a logarithmic scale, from one length to another, us. */
function train(from: number, to: number, intervals = 12): number[] {
  const times = [from];
  for (let k = 0; k < intervals; k++)
    times.push((times.at(-1) as number) + from * (to / from) ** (k / (intervals - 1)));
  return times;
}

test("trains that differ in the change along their course are as far apart as the change says", () => {
  const accelerating = train(60, 30);
  expect(classOf(accelerating)).toBe("delayed-accelerating");
  expect(classOf(train(45, 40))).toBe("tonic");
  const unit = Math.log(1.25);
  expect(courseDistance(train(50, 50), accelerating)).toBeCloseTo(Math.log(2) / unit, 9);
  expect(courseDistance(train(40, 50), accelerating)).toBeCloseTo((Math.log(2) + unit) / unit, 9);
  expect(courseDistance(accelerating, accelerating)).toBe(0);
});

test("where the ideal train has no smooth course nothing is told; a train without one has no distance", () => {
  const bursts = [0, 1, 2, 3].flatMap((k) => [100 * k + 10, 100 * k + 14, 100 * k + 18]);
  expect(courseDistance(train(50, 50), bursts)).toBe(0);
  expect(courseDistance(bursts, train(50, 50))).toBeUndefined();
  expect(courseDistance([10, 60], train(50, 50))).toBeUndefined();
});
