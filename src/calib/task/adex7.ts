/**
 * All seven terms that make a leaky integrate-and-fire neuron an AdEx neuron, at once: reset potential, onset and
 * strength of the exponential, time constant, coupling and jump of the adaptation, and the step current. Ranges are
 * those of the sliders in the public AdEx tutorials for this chip, with the reset extended downwards.
 */
import type { TaskFile } from "./task-file.js";

export const adex7File: TaskFile = {
  schema: "hxloop.task/1",
  name: "adex7",
  base: "paper",
  description: "All seven AdEx terms of a neuron under a step of current",
  parameter: [
    { name: "v_reset", range: [200, 800], demo: [340, 680] },
    { name: "v_exp", range: [500, 1000], demo: [700, 950] },
    { name: "i_bias_exp", range: [100, 1000], demo: [150, 600] },
    { name: "i_bias_adapt_tau", range: [20, 600], demo: [60, 500] },
    { name: "i_bias_adapt_a", range: [0, 300], demo: [20, 200] },
    { name: "i_bias_adapt_b", range: [0, 500], demo: [100, 450] },
    { name: "i_mem_offset", range: [200, 1000], demo: [500, 900] },
  ],
  embedding: { kind: "spike-features", latent: 16 },
  scheme: { stop_ratio: 1.2 },
  budget: { simulations: 8000, rounds: 4 },
};
