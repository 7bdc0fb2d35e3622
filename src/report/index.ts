/** Pictures and words of a run, from its plain data. No files, no network, no clock. */
export { renderChipFigures } from "./chip/chip-figures.js";
export { renderFigures } from "./figures/all.js";
export { posteriorFigureForReadme } from "./figures/readme.js";
export { renderLifFigure } from "./lif/lif-figure.js";
export { renderNeuronMap } from "./neurons/neuron-map.js";
export { renderNeuronTable } from "./neurons/neuron-table.js";
export { renderNeuronsReport } from "./neurons/neurons-report.js";
export { renderReport } from "./report.js";
export { renderTerminalSummary } from "./terminal-summary.js";
