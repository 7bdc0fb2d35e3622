/** The thread of a gradient helper: one task after the other, on kernels of its own. */
import { parentPort } from "node:worker_threads";
import { helpWithGradients } from "../calib/flow/shared-gradients.js";
import { loadKernels } from "../kernels/load.js";
import { Kernels } from "../kernels/spaces.js";
import type { HelperMessage } from "./gradient-threads.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const kernels = new Kernels(loaded.variant, loaded.module);

parentPort?.on("message", ({ task, thread }: HelperMessage) => helpWithGradients(kernels, task, thread));
