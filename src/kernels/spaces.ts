/**
 * The kernels of one thread: a compiled module and the memories that it works in. A memory is borrowed for one piece of
 * work and given back, so that there are never more of them than pieces of work at the same time, however many networks
 * are trained. Knows no file: `load.ts` finds the module.
 */
import { KernelSpace } from "./module.js";

/** Relaxed SIMD has fused multiply-add, so its results differ from the plain ones in the last digits. */
export type KernelVariant = "relaxed-simd" | "simd";

export class Kernels {
  readonly variant: KernelVariant;
  readonly module: WebAssembly.Module;
  readonly #idle: KernelSpace[] = [];
  readonly #start: number;
  #spaces = 0;

  constructor(variant: KernelVariant, module: WebAssembly.Module) {
    this.variant = variant;
    this.module = module;
    const first = this.#make();
    this.#start = first.mark();
    this.#idle.push(first);
  }

  /** Memories made so far, idle ones included. */
  get spaces(): number {
    return this.#spaces;
  }

  /** An empty memory for the caller alone, until `giveBack`. */
  borrow(): KernelSpace {
    return this.#idle.pop() ?? this.#make();
  }

  /** Take a memory back; what stands in it is lost. */
  giveBack(space: KernelSpace): void {
    space.release(this.#start);
    this.#idle.push(space);
  }

  /** Lend a memory to a synchronous piece of work. */
  lend<T>(work: (space: KernelSpace) => T): T {
    const space = this.borrow();
    try {
      return work(space);
    } finally {
      this.giveBack(space);
    }
  }

  #make(): KernelSpace {
    this.#spaces++;
    return new KernelSpace(this.module);
  }
}
