// Everything that the kernel module exports. Buffers are addressed in bytes inside the module's one memory; the caller
// allocates (src/kernels/arena.ts). No allocation, no state, no bounds checks in here.
export * from "./elementwise";
export * from "./gemm";
export * from "./spline";
