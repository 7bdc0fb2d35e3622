/**
 * Finds the compiled kernels beside the build: the relaxed-SIMD module where the engine takes it, else plain SIMD. The
 * one file of this layer that reads from disk. Results of the two differ in the last digits (fused multiply-add), so the
 * choice is part of a run's provenance.
 */
import { readFileSync } from "node:fs";
import type { KernelVariant } from "./spaces.js";

export interface LoadedKernels {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
}

/** @returns undefined when the kernels were not built, or the engine has no SIMD; `why` says which */
export function loadKernels(): LoadedKernels | { readonly variant: "none"; readonly why: string } {
  // From a source file (tests) the compiled kernels are those of dist/, which the set-up builds.
  const folder = import.meta.url.endsWith(".ts") ? "../../dist/src/kernels/" : "./";
  for (const variant of ["relaxed-simd", "simd"] as const) {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(readFileSync(new URL(`${folder}${variant}.wasm`, import.meta.url)));
    } catch {
      return { variant: "none", why: `${variant}.wasm is not beside the build; run: npm run build` };
    }
    if (WebAssembly.validate(bytes)) return { variant, module: new WebAssembly.Module(bytes) };
  }
  return { variant: "none", why: "this engine has no WebAssembly SIMD" };
}

/** The module as an option of a virtual board; nothing when there is none. */
export function boardKernels(): { readonly kernels?: WebAssembly.Module } {
  const loaded = loadKernels();
  return loaded.variant === "none" ? {} : { kernels: loaded.module };
}
