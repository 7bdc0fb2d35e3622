/** Diagnostics of every kind, made up from a seed. */
import type { Rng } from "../../src/base/rng.js";
import type { NullTest, RunDiagnostics } from "../../src/calib/run-data.js";

export function someDiagnostics(rng: Rng, names: readonly string[]): RunDiagnostics {
  const uniform = (count: number): number[] => Array.from({ length: count }, () => rng.uniform());
  const levels = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
  const ranks = (name: string) => ({ name, ranks: uniform(30), pValue: rng.uniform() });
  const coverage = (name: string) => ({ ...ranks(name), levels, coverage: levels, error: 0, bias: 0 });
  const nullTest = (): NullTest => ({ statistic: rng.uniform(), nulls: uniform(19), pValue: 0.5 });
  const verdict = (name: string, passed: boolean, falseAlarmRate: number) => {
    return { name, passed, falseAlarmRate, text: `${name} was looked at` };
  };
  return {
    calibration: {
      checks: 30,
      sbc: names.map(ranks),
      expectedCoverage: coverage("expected coverage"),
      tarp: coverage("TARP"),
      informationGain: 1.5,
      gains: uniform(30),
    },
    local: nullTest(),
    misspecification: { mmd: nullTest(), logDensity: nullTest() },
    disagreement: { divergence: 0.1, limit: 1, perMember: [0.08, 0.12] },
    verdicts: [
      verdict("ranks (SBC)", true, 0.01),
      verdict("expected coverage", false, 0.01),
      verdict("TARP", true, 0.01),
      verdict("L-C2ST at the target", true, 0.05),
      verdict("misspecification", true, 0.01),
      verdict("ensemble", true, 0),
    ],
  };
}
