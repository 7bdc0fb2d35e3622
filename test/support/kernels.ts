/** The compiled kernels for tests of the suite, which builds them first. */
import { loadKernels } from "../../src/kernels/load.js";
import { Kernels } from "../../src/kernels/spaces.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
export const kernels = new Kernels(loaded.variant, loaded.module);
