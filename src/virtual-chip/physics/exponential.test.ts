import { expect, it } from "vitest";
import { exponential } from "./exponential.js";

it("agrees with Math.exp to 3e-10 and is clamped at 40", () => {
  for (let x = -40; x <= 40; x += 0.0137) expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(3e-10);
  expect(exponential(1000)).toBe(exponential(40));
  expect(exponential(-1000)).toBe(exponential(-40));
});
