// Everything that the kernel module exports. Buffers are addressed in bytes inside the module's one memory; the caller
// allocates (src/kernels/module.ts). No allocation, no bounds checks in here.
export { stepAlone } from "./adex-alone";
export { stepAdex } from "./adex-pairs";
export * from "./elementwise";
export * from "./gemm";
export * from "./mixture";
export { noiseRow } from "./philox";
export { exponentialTable } from "./power-of-two";
export * from "./readout";
export * from "./rows";
export * from "./spline";
export * from "./trace";
