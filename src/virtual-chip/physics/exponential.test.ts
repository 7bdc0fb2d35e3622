import { expect, it } from "vitest";
import { powerOfTwo } from "./exponential.js";

it("agrees with Math.pow to 1e-10, and is clamped at 58", () => {
  for (let x = -58; x <= 58; x += 0.0137) expect(Math.abs(powerOfTwo(x) / 2 ** x - 1)).toBeLessThan(1e-10);
  for (let x = -1; x <= 1; x += 1 / 128) expect(Math.abs(powerOfTwo(x) / 2 ** x - 1)).toBeLessThan(1e-10);
  expect(powerOfTwo(1000)).toBe(powerOfTwo(58));
  expect(powerOfTwo(-1000)).toBe(powerOfTwo(-58));
});
