import { describe, expect, it } from "vitest";
import * as transfer from "./transfer.js";

const drop = transfer.followerDrop(100);
const plain = { multiplication: false, division: false, degeneration: false };

// Anchors published or derived from published settings; where they come from: docs/chip-model.md, "Transfers".
describe("transfer functions at their anchors", () => {
  it("voltage cells: code 70 is 0.15 V, code 550 is 1.05 V", () => {
    expect(transfer.cellVoltage(70)).toBeCloseTo(0.15, 2);
    expect(transfer.cellVoltage(550)).toBeCloseTo(1.05, 2);
  });

  it("leak and reset lie about 200 codes below the cell's voltage, and stay between the rails", () => {
    expect(transfer.followerVoltage(700, 0, drop)).toBeCloseTo(transfer.cellVoltage(500), 1);
    expect(transfer.followerVoltage(0, 0, drop)).toBeLessThan(1e-9);
    expect(transfer.followerVoltage(1022, 0, drop)).toBeCloseTo(transfer.railVoltage, 6);
    for (let code = 1; code <= 1022; code++)
      expect(transfer.followerVoltage(code, 0, drop)).toBeGreaterThanOrEqual(
        transfer.followerVoltage(code - 1, 0, drop),
      );
  });

  it("membrane time constants: about 3 us at full code, 24 us divided by 8, about 0.5 us in reset", () => {
    const c = transfer.membraneCapacitance(63, 1);
    expect(c).toBeCloseTo(2.4, 1);
    expect(c / transfer.otaConductance(1022, plain, 1)).toBeCloseTo(3.3, 1);
    expect(c / transfer.otaConductance(1022, { ...plain, division: true }, 1)).toBeGreaterThan(24);
    expect(c / transfer.otaConductance(1022, { ...plain, division: true }, 1)).toBeLessThan(28);
    const reset = c / transfer.resetConductance(1022, { ...plain, multiplication: true }, 1);
    expect(reset).toBeGreaterThan(0.45);
    expect(reset).toBeLessThan(0.6);
  });

  it("adaptation time constant: 5 us to 500 us over the codes, always falling", () => {
    expect(1 / transfer.adaptationRate(0, 1)).toBeCloseTo(500, 6);
    expect(1 / transfer.adaptationRate(1022, 1)).toBeCloseTo(5, 6);
    for (let code = 1; code <= 1022; code++)
      expect(transfer.adaptationRate(code, 1)).toBeGreaterThan(transfer.adaptationRate(code - 1, 1));
  });
});
