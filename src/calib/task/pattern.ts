/**
 * A firing pattern by its name. Beside the AdEx terms the leak is inferred, as patterns differ in their membrane time
 * constant, and the coupling of the adaptation may have either sign: three of the eight need it negative. As in the model, the
 * step begins at the leak potential: a negative coupling stronger than the leak would drive the neuron away before.
 */
import type { TaskFile } from "./task-file.js";

export const patternFile: TaskFile = {
  schema: "hxloop.task/1",
  name: "pattern",
  base: "paper",
  description: "Firing pattern named by --target-pattern, over the AdEx terms and the leak",
  parameter: [
    { name: "v_reset", range: [300, 900], demo: [340, 680] },
    { name: "v_exp", range: [500, 1000], demo: [700, 950] },
    { name: "i_bias_exp", range: [100, 1000], demo: [150, 600] },
    { name: "i_bias_adapt_tau", range: [10, 600], demo: [60, 500] },
    { name: "i_bias_adapt_a", range: [-400, 400], demo: [20, 200] },
    { name: "i_bias_adapt_b", range: [0, 500], demo: [100, 450] },
    { name: "i_mem_offset", range: [100, 1000], demo: [500, 900] },
    { name: "i_bias_leak", range: [60, 500], demo: [100, 300] },
  ],
  // 16 ticks of 64 ns: bursts have intervals below 4 us, and the reset is as good as over after 1 us.
  backend: { refractoryTime: 16 },
  stimulus: { rest_until_onset: true },
  // Fine enough to tell intervals within a burst: 3 us and more.
  recording: { step_us: 1, spike_within_us: 2 },
  embedding: { kind: "spike-features", latent: 16 },
  scheme: { stop_ratio: 1.2 },
  budget: { simulations: 10_000, rounds: 4 },
};
