/**
 * A loaded kernel module and the memory that it works in. Knows no file and no network: `load.ts` finds the bytes.
 * Addresses are byte offsets into `memory`; float buffers are 16-byte aligned and padded to whole vectors.
 */

type Address = number;

/** The functions of src/kernels/assembly, as WebAssembly exports them. Shapes and meaning: the files there. */
export interface KernelExports {
  stepAdex(
    pairs: number,
    coefficients: Address,
    state: Address,
    circuits: Address,
    traces: Address,
    length: number,
    spikes: Address,
    firstStep: number,
    count: number,
    key0: number,
    key1: number,
  ): void;
  exponentialTable(): Address;
  stepAlone(
    coefficients: Address,
    state: Address,
    circuit: number,
    trace: Address,
    length: number,
    spikes: Address,
    firstStep: number,
    count: number,
    key0: number,
    key1: number,
  ): void;
  noiseRow(
    out: Address,
    blocks: number,
    c0: number,
    c1: number,
    what: number,
    kind: number,
    key0: number,
    key1: number,
  ): void;
  addDriver(
    line: Address,
    values: Address,
    n: number,
    origin: number,
    sign: number,
    gain: number,
    shift: number,
    share: number,
  ): void;
  lowPass(out: Address, input: Address, n: number, keep: number, share: number, y: number): number;
  driverAlone(
    out: Address,
    values: Address,
    n: number,
    origin: number,
    sign: number,
    gain: number,
    shift: number,
    keep: number,
    share: number,
    y: number,
  ): number;
  sampleLine(
    values: Address,
    times: Address,
    line: Address,
    normals: Address,
    n: number,
    position: number,
    spacing: number,
    gain: number,
    offset: number,
    white: number,
    bits: number,
    start: number,
    period: number,
  ): void;
  queueEvents(cycle: Address, bits: Address, time: Address, value: Address, n: number, offset: number): void;
  packSamples(
    out: Address,
    cycle: Address,
    bits: Address,
    n: number,
    state: Address,
    newest: number,
    farthest: number,
    widest: number,
    oldest: number,
    jump: number,
    longestGap: number,
    packOpcode: number,
    deltaOpcode: number,
  ): number;
  gemm(
    m: number,
    n: number,
    k: number,
    a: Address,
    lda: number,
    b: Address,
    ldb: number,
    c: Address,
    ldc: number,
    accumulate: number,
  ): void;
  gemmTn(
    n: number,
    i: number,
    j: number,
    a: Address,
    lda: number,
    b: Address,
    ldb: number,
    c: Address,
    ldc: number,
    accumulate: number,
  ): void;
  gemmNt(
    n: number,
    i: number,
    j: number,
    a: Address,
    lda: number,
    b: Address,
    ldb: number,
    c: Address,
    ldc: number,
  ): void;
  splineForward(rows: number, bins: number, bound: number, raw: Address, x: Address, y: Address, logDet: Address): void;
  splineInverse(rows: number, bins: number, bound: number, raw: Address, y: Address, x: Address, logDet: Address): void;
  splineBackward(
    rows: number,
    bins: number,
    bound: number,
    raw: Address,
    x: Address,
    gy: Address,
    gl: Address,
    graw: Address,
  ): void;
  mixtureForward(
    n: number,
    d: number,
    components: number,
    raw: Address,
    z: Address,
    logQ: Address,
    share: Address,
  ): void;
  mixtureBackward(
    n: number,
    d: number,
    components: number,
    raw: Address,
    z: Address,
    share: Address,
    g: Address,
    graw: Address,
  ): void;
  fillColumns(m: number, n: number, bias: Address, c: Address): void;
  tileColumns(m: number, rows: number, atoms: number, s: Address, c: Address): void;
  sumTiles(m: number, rows: number, atoms: number, g: Address, s: Address): void;
  sumColumns(m: number, n: number, g: Address, out: Address): void;
  multiply(o: Address, a: Address, mask: Address, n: number): void;
  affineForward(n: number, raw: Address, x: Address, y: Address, logDet: Address): void;
  affineInverse(n: number, raw: Address, y: Address, x: Address, logDet: Address): void;
  affineBackward(n: number, raw: Address, x: Address, gy: Address, gl: Address, graw: Address): void;
  addNormalLogDensity(n: number, z: Address, logQ: Address): void;
  transpose(rows: number, columns: number, a: Address, lda: number, o: Address, ldo: number): void;
  addBias(rows: number, columns: number, x: Address, ld: number, bias: Address): void;
  sumRows(rows: number, columns: number, x: Address, ld: number, g: Address): void;
  tanhForward(x: Address, n: number): void;
  tanhBackward(g: Address, y: Address, n: number): void;
  reluForward(x: Address, n: number): void;
  reluBackward(o: Address, g: Address, y: Address, n: number): void;
  reluResidual(o: Address, x: Address, y: Address, n: number): void;
  leakyReluForward(x: Address, n: number, slope: number): void;
  leakyReluBackward(g: Address, y: Address, n: number, slope: number): void;
  siluForward(x: Address, y: Address, n: number): void;
  siluBackward(g: Address, x: Address, n: number): void;
  expForward(x: Address, y: Address, n: number): void;
  logForward(x: Address, y: Address, n: number): void;
  sigmoidForward(x: Address, y: Address, n: number): void;
  softplusForward(x: Address, y: Address, n: number): void;
  add(o: Address, a: Address, b: Address, n: number): void;
  axpy(y: Address, x: Address, n: number, k: number): void;
  approach(y: Address, x: Address, n: number, k: number): void;
  scaledDifference(o: Address, a: Address, b: Address, n: number, k: number): void;
  weightedResidual(g: Address, a: Address, b: Address, w: Address, n: number, k: number): number;
  sumSquares(x: Address, n: number): number;
  adamw(
    p: Address,
    g: Address,
    m: Address,
    s: Address,
    n: number,
    lr: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    c1: number,
    c2: number,
    clip: number,
    decay: number,
  ): void;
}

const pageBytes = 65_536;
const alignment = 64;
/** The first page is left to the module's own data. */
const firstAddress = pageBytes;

/** One instance: functions, memory, and a bump allocator that frees everything at once or back to a mark. */
export class KernelSpace {
  readonly call: KernelExports;
  readonly memory: WebAssembly.Memory;
  #top = firstAddress;

  /** @param fixedBytes size of a memory that never grows, so that views of it stay good; default: it grows as needed */
  constructor(module: WebAssembly.Module, fixedBytes?: number) {
    const pages = fixedBytes === undefined ? 2 : Math.ceil(fixedBytes / pageBytes);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: fixedBytes === undefined ? 65_536 : pages });
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory, abort: onAbort } });
    this.call = instance.exports as unknown as KernelExports;
  }

  /** Room for `count` floats, zeroed, 64-byte aligned, padded to a multiple of 16 floats. @returns byte address */
  allocate(count: number): Address {
    const bytes = Math.ceil((count * 4) / alignment) * alignment;
    const at = this.#top;
    this.#top += bytes;
    const missing = this.#top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / pageBytes));
    new Float32Array(this.memory.buffer, at, bytes / 4).fill(0);
    return at;
  }

  /** View of `count` floats; invalid after the next `allocate`. */
  view(at: Address, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, count);
  }

  /** Copy `count` floats inside the memory. */
  memoryCopy(to: Address, from: Address, count: number): void {
    new Uint8Array(this.memory.buffer).copyWithin(to, from, from + count * 4);
  }

  mark(): number {
    return this.#top;
  }

  release(mark: number): void {
    this.#top = mark;
  }
}

function onAbort(): never {
  throw new Error("a kernel aborted");
}
