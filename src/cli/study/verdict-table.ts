/** Ways of estimating, one per row: coverage, information, predictive distance. */
import { type LevelCoverage, levels, pooledCoverage, worstGap } from "../../calib/study/coverage-table.js";
import type { Judgement } from "../../calib/study/judge.js";
import type { PredictiveSummary } from "../../calib/study/predictive-study.js";
import { markdownTable } from "./conditions.js";

export interface VerdictRow {
  readonly name: string;
  readonly judgement: Judgement;
  readonly predictive: PredictiveSummary;
  /** Further cells, in the order of `more`. */
  readonly more?: readonly string[];
}

/** Share of a hundred, one digit. */
export const percent = (share: number): string => (100 * share).toFixed(1);

/** @param more titles of further columns */
export function verdictTable(rows: readonly VerdictRow[], more: readonly string[] = []): string {
  const titles = levels.map((level) => `in the ${100 * level} %, %`);
  return markdownTable(
    ["", "targets", ...titles, "worst gap, points", "bits per code", "distance / floor", ...more],
    rows.map(({ name, judgement, predictive, more: further = [] }) => [
      name,
      judgement.targets,
      ...pooledCoverage(judgement.parameters).map(({ share }) => percent(share)),
      worstGap(judgement.parameters).toFixed(1),
      judgement.bitsPerCode.toFixed(2),
      `${predictive.distance.toFixed(3)} / ${predictive.floor.toFixed(3)} = ${predictive.ratio.toFixed(2)}`,
      ...further,
    ]),
  );
}

/** The counting error of pooled shares, in words. */
export function errorLine(judgement: Judgement): string {
  const errors = pooledCoverage(judgement.parameters).map(({ error }: LevelCoverage) => percent(error));
  return `Counting error of a share with ${judgement.targets} targets (one sd, for one parameter): ${errors.join(", ")} points.`;
}

/** Parameter by parameter. */
export function parameterTable({ parameters, joint }: Judgement): string {
  return markdownTable(
    ["parameter", ...levels.map((level) => `in the ${100 * level} %, %`), "median sd, codes"],
    [
      ...parameters.map(({ name, levels: own, medianSd }) => [
        `\`${name}\``,
        ...own.map(({ share }) => percent(share)),
        medianSd.toFixed(1),
      ]),
      ["all alike", ...pooledCoverage(parameters).map(({ share }) => percent(share)), ""],
      ["joint region", ...joint.map(percent), ""],
    ],
  );
}
