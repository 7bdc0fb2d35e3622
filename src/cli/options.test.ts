import { describe, expect, it } from "vitest";
import { FieldOutOfRange } from "../base/errors.js";
import { integer, oneOf, parseTheta } from "./options.js";

const parameters = ["v_reset", "i_bias_adapt_tau"].map((name) => ({ name, min: 0, max: 1022 }));
const theta = (text: string) => parseTheta("--target-theta", text, parameters);

describe("integer", () => {
  it.each([
    ["0", 0],
    ["511", 511],
    [" 7 ", 7],
  ])("takes %s", (text, value) => {
    expect(integer("--neuron", 0, 511)(text)).toBe(value);
  });

  it.each(["-1", "512", "1.5", "1e2", "0x1f", "", "NaN", "9".repeat(40)])("refuses '%s' naming the range", (text) => {
    expect(() => integer("--neuron", 0, 511)(text)).toThrow(
      expect.objectContaining({
        _tag: "FieldOutOfRange",
        object: "--neuron",
        value: text,
        range: "[0, 511] (whole numbers)",
      }),
    );
  });
});

describe("oneOf", () => {
  it("names what there is", () => {
    expect(oneOf("--task", ["paper"])("paper")).toBe("paper");
    expect(() => oneOf("--task", ["paper"])("adex9")).toThrow("--task = adex9 is outside {paper}");
  });
});

describe("parseTheta", () => {
  it("takes the codes in any order", () => {
    expect(theta("i_bias_adapt_tau=5, v_reset=1022")).toEqual({ v_reset: 1022, i_bias_adapt_tau: 5 });
  });

  it.each([
    "v_reset=400",
    "v_reset=400,i_bias_adapt_tau=1023",
    "v_reset=400,i_bias_adapt_tau=-1",
    "v_reset=400,i_bias_adapt_tau",
    "v_reset=400,v_reset=401,i_bias_adapt_tau=5",
    "v_reset=400,i_bias_adapt_tau=5,v_leak=5",
    "",
  ])("refuses '%s'", (text) => expect(() => theta(text)).toThrow(FieldOutOfRange));
});
