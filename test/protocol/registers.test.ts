import { expect, test } from "vitest";
import { allContainers, externalPpuMemoryByte } from "../../src/protocol/index.js";
import { instructionVectors, type RegisterVector, registerVectors } from "./vectors.js";

function resolve(vector: RegisterVector) {
  const container = allContainers.find((c) => c.name === vector.container)!;
  const at = container.coordinate.parse(vector.at)!;
  return { container, at };
}
const title = (v: RegisterVector) => `${v.container} ${v.at} ${JSON.stringify(v.fields)}`;

test("the set is whole", () => {
  expect(registerVectors).toHaveLength(312);
  expect(new Set(registerVectors.map((v) => v.container)).size).toBeGreaterThan(35);
});

test.each(registerVectors.filter((v) => v.writes).map((v) => [title(v), v] as const))("%s", (_, vector) => {
  const { container, at } = resolve(vector);
  const words = container.encode(vector.fields);
  const addresses = container.addresses(at);
  const writes = [...words].map((word, i) => [`0x${addresses[i]!.toString(16)}`, `0x${word.toString(16)}`]);
  expect(writes).toEqual(vector.writes);
  expect(container.decode(vector.writes!.map(([, word]) => Number(word)))).toEqual({
    ...container.defaults,
    ...vector.fields,
  });
});

test.each(registerVectors.filter((v) => v.reads).map((v) => [title(v), v] as const))("%s", (_, vector) => {
  const { container, at } = resolve(vector);
  expect(container.addresses(at).map((address) => `0x${address.toString(16)}`)).toEqual(vector.reads);
});

test("a byte of the external memory: haldls tests/sw/haldls/vx/test-fpga_memory.cpp", () => {
  const { address, byteEnables, low } = externalPpuMemoryByte(22);
  expect([address, byteEnables, 18 * 2 ** low]).toEqual([0x80000005, 0b0010, 0x1200]);
});

/** Omnibus writes of the default initialisation, in order. */
function initWrites(words: readonly string[]): [number, number][] {
  const writes: [number, number][] = [];
  words.forEach((word, i) => {
    if (word.startsWith("0b")) writes.push([Number(`0x${word.slice(8)}`), Number(`0x${words[i + 1]!.slice(8)}`)]);
  });
  return writes;
}

test("every omnibus write of the default initialisation belongs to a container and decodes to legal values", () => {
  const omnibus = allContainers.filter((c) => c.bus === "omnibus" && c.access !== "r" && c.coordinate.size < 600);
  const known = new Map<number, { usedBits: number }>();
  for (const container of omnibus)
    for (let i = 0; i < container.coordinate.size; i++)
      container.addresses(container.coordinate.at(i)).forEach((address, word) => {
        const usedBits = (known.get(address)?.usedBits ?? 0) | container.usedBits[word]! | container.encode({})[word]!;
        known.set(address, { usedBits });
      });
  const writes = initWrites(instructionVectors.initProgram);
  expect(writes).toHaveLength(144);
  for (const [address, word] of writes) {
    expect(known.has(address), `0x${address.toString(16)}`).toBe(true);
    expect((word & ~known.get(address)!.usedBits) >>> 0, `0x${address.toString(16)}`).toBe(0);
  }
});
