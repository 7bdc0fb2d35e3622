/** Pictures and words of a run, from its plain data. No files, no network, no clock. */
export { renderChipFigures } from "./chip/chip-figures.js";
export { renderFigures } from "./figures/all.js";
export { posteriorFigureForReadme } from "./figures/readme.js";
export { renderReport } from "./report.js";
export { renderTerminalSummary } from "./terminal-summary.js";
