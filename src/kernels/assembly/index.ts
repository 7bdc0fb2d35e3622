// Everything that the kernel module exports. Buffers are addressed in bytes inside the module's one memory; the caller
// allocates (src/kernels/module.ts). No allocation, no bounds checks in here.
export * from "./adex";
export * from "./elementwise";
export * from "./gemm";
export * from "./mixture";
export * from "./rows";
export * from "./spline";
