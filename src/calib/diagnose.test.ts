import { expect, test } from "vitest";
import { narrowerThanDrift } from "./diagnose.js";

test("only posteriors that are narrower than a chip's drift are excused by it, by name", () => {
  const names = ["v_reset", "i_bias_adapt_tau"];
  expect(narrowerThanDrift(names, [{ sd: 14 }, { sd: 4 }])).toEqual([]);
  expect(narrowerThanDrift(names, [{ sd: 14 }, { sd: 1 }])).toEqual([
    expect.stringMatching(/^the posterior of i_bias_adapt_tau is narrower than 3 codes/),
  ]);
  expect(narrowerThanDrift(names, [{ sd: 0.7 }, { sd: 1 }])[0]).toMatch(/of v_reset and i_bias_adapt_tau is/);
});
