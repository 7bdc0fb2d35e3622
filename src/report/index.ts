/** Pictures and words of a run, from its plain data. No files, no network, no clock. */
export { renderFigures } from "./figures/all.js";
export type { Figure, FigureOptions } from "./figures/figure.js";
export { posteriorFigureForReadme } from "./figures/readme.js";
export { type ReportOptions, renderReport } from "./report.js";
export { renderTerminalSummary } from "./terminal-summary.js";
