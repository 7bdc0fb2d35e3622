/** What every diagnostic gives besides its numbers: an answer, and how often that answer is wrong when all is well. */
export interface Verdict {
  readonly passed: boolean;
  /** Probability of `passed: false` for a posterior without fault. */
  readonly falseAlarmRate: number;
  /** One sentence for people. */
  readonly text: string;
}

/** What a test says when it passes, and when it does not. */
export type Sayings = readonly [passed: string, failed: string];

/** Verdict of several tests together (Bonferroni). */
export function verdictOf([well, badly]: Sayings, pValues: readonly number[], falseAlarmRate: number): Verdict {
  const smallest = Math.min(...pValues);
  const passed = smallest > falseAlarmRate / pValues.length;
  const tests = pValues.length === 1 ? "p" : `smallest p of ${pValues.length}`;
  return {
    passed,
    falseAlarmRate,
    text: `${passed ? well : badly}: ${tests} = ${smallest.toPrecision(2)}`,
  };
}

/** p-value of the Kolmogorov-Smirnov test that values are uniform on 0..1; asymptotic, good from 20 values on. */
export function uniformityPValue(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const distance = sorted.reduce((worst, u, i) => Math.max(worst, u - i / n, (i + 1) / n - u), 0);
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}
