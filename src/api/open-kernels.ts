/** The compiled kernels for a user of the library: found beside the build, or an error that says why there are none. */
import { BackendUnavailable } from "../calib/nn/errors.js";
import { loadKernels } from "../kernels/load.js";
import { Kernels } from "../kernels/spaces.js";

/** @throws BackendUnavailable when they were not built, or the engine has no WebAssembly SIMD */
export function openKernels(): Kernels {
  const loaded = loadKernels();
  if (loaded.variant === "none") throw new BackendUnavailable("kernels", loaded.why);
  return new Kernels(loaded.variant, loaded.module);
}
