// Inputs for the fuzzer: valid ones, damaged in the ways that wires, disks and editors do, and plain noise. By seed.
import type { Rng } from "../../src/base/rng.js";

const interesting = [0, 1, 0x7f, 0x80, 0x0a, 0xff];
const longest = 16_384;

type Mutation = (bytes: Uint8Array, rng: Rng, corpus: readonly Uint8Array[]) => Uint8Array;

function pick<T>(list: readonly T[], rng: Rng): T {
  return list[rng.int(list.length)] as T;
}

/** Two offsets in order. */
function range(length: number, rng: Rng): [number, number] {
  const from = rng.int(length + 1);
  return [from, Math.min(length, from + rng.int(64))];
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

const mutations: readonly Mutation[] = [
  (bytes, rng) => {
    if (bytes.length > 0) bytes[rng.int(bytes.length)]! ^= 1 << rng.int(8);
    return bytes;
  },
  (bytes, rng) => {
    if (bytes.length > 0) bytes[rng.int(bytes.length)] = rng.int(256);
    return bytes;
  },
  (bytes, rng) => {
    if (bytes.length > 0) bytes[rng.int(bytes.length)] = pick(interesting, rng);
    return bytes;
  },
  (bytes, rng) => {
    const [from, to] = range(bytes.length, rng);
    return bytes.fill(pick(interesting, rng), from, to);
  },
  (bytes, rng) => bytes.slice(0, rng.int(bytes.length + 1)),
  (bytes, rng) => {
    const [from, to] = range(bytes.length, rng);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, rng) => {
    const [from, to] = range(bytes.length, rng);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  (bytes, rng) => {
    const at = rng.int(bytes.length + 1);
    const noise = Uint8Array.from({ length: rng.int(16) }, () => rng.int(256));
    return join(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  (bytes, rng, corpus) => {
    const other = pick(corpus, rng);
    return join(bytes.subarray(0, rng.int(bytes.length + 1)), other.subarray(rng.int(other.length + 1)));
  },
];

/** The next input; callee owns. @param corpus valid inputs */
export function nextInput(rng: Rng, corpus: readonly Uint8Array[]): Uint8Array {
  if (rng.int(8) === 0) return Uint8Array.from({ length: rng.int(200) }, () => rng.int(256));
  let bytes: Uint8Array = pick(corpus, rng).slice();
  for (let n = rng.int(5); n >= 0; n--) bytes = pick(mutations, rng)(bytes, rng, corpus);
  return bytes.subarray(0, longest);
}
