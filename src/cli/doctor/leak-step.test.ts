import { expect, it } from "vitest";
import { shapeOf } from "./leak-step.js";

/** A membrane that leaks: closed form of the response to the step from 100 to 400 us. */
function response(tauUs: number, restLsb: number, stepLsb: number): { samples: Uint16Array; timeUs: Float64Array } {
  const timeUs = Float64Array.from({ length: 20_600 }, (_, i) => -2 + i * 0.034);
  const value = (t: number): number => {
    if (t < 100) return 0;
    const full = 1 - Math.exp(-(Math.min(t, 400) - 100) / tauUs);
    return t < 400 ? full : full * Math.exp(-(t - 400) / tauUs);
  };
  return { samples: Uint16Array.from(timeUs, (t) => Math.round(restLsb + stepLsb * value(t))), timeUs };
}

it.each([5, 15, 40])("reads rest, step and a time constant of %s us off a noiseless response", (tauUs) => {
  const { samples, timeUs } = response(tauUs, 500, 130);
  const shape = shapeOf(samples, timeUs);
  expect(shape.restLsb).toBeCloseTo(500, 6);
  // At 40 us the plateau has come to within 0.1 % of its end; a count is 0.8 % of the step.
  expect(Math.abs(shape.stepLsb - 130)).toBeLessThan(0.6);
  expect(Math.abs(shape.leftLsb)).toBeLessThan(0.6);
  expect(Math.abs(shape.tauUs / tauUs - 1)).toBeLessThan(0.03);
  expect(shape.noiseLsb).toBe(0);
});

it("shows a membrane that does not move as one", () => {
  const { samples, timeUs } = response(15, 500, 0);
  expect(shapeOf(samples, timeUs).stepLsb).toBe(0);
});
