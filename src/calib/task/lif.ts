/**
 * A leaky integrate-and-fire neuron: adaptation and exponential off, four codes that set its potentials and its
 * membrane time constant. The current is fixed, as it cannot be told from the conductance by the trace alone.
 */
import type { TaskFile } from "./task-file.js";

export const lifFile: TaskFile = {
  schema: "hxloop.task/1",
  name: "lif",
  base: "paper",
  description: "Potentials and membrane time constant of a leaky integrate-and-fire neuron",
  parameter: [
    { name: "v_leak", range: [400, 600] },
    { name: "v_reset", range: [250, 600], demo: [300, 500] },
    { name: "v_threshold", range: [420, 600], demo: [450, 590] },
    { name: "i_bias_leak", range: [40, 400], demo: [60, 250] },
  ],
  cells: { i_bias_adapt_tau: 500, i_bias_adapt_a: 0, i_bias_adapt_b: 0 },
  neuron: { enableAdaptation: false, enableExponential: false },
  embedding: { kind: "spike-features" },
  budget: { simulations: 3200, rounds: 3 },
};
