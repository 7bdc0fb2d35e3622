import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DatagramRing } from "./datagram-ring.js";

const capacity = 256;

describe("datagram ring", () => {
  it("hands out what was written, in order and whole, whatever the lengths and the order of writes and reads", () => {
    const step = fc.oneof(
      fc.record({ write: fc.uint8Array({ maxLength: 100 }), tag: fc.nat(0xffff_ffff) }),
      fc.record({ read: fc.integer({ min: 1, max: 5 }) }),
    );
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = DatagramRing.allocate(capacity);
      const [writer, reader] = [new DatagramRing(memory), new DatagramRing(memory)];
      const held: (readonly [number, number[]])[] = [];
      for (const action of steps) {
        if ("write" in action) {
          const hasRoom = writer.write(action.tag, action.write);
          if (hasRoom) held.push([action.tag, [...action.write]]);
          // Whatever the place of the seam, half of the ring takes any of these.
          else expect(writer.used).toBeGreaterThan(capacity / 2 - 112);
        } else {
          const seen: (readonly [number, number[]])[] = [];
          const count = reader.read((tag, bytes) => seen.push([tag, [...bytes]]), action.read);
          expect(seen).toEqual(held.splice(0, action.read));
          expect(count).toBe(seen.length);
        }
      }
      expect(writer.used === 0).toBe(held.length === 0);
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  it("goes on where its counts run over 32 bits", () => {
    const memory = DatagramRing.allocate(capacity);
    // Both counts, a multiple of the record's size before the end.
    new Int32Array(memory).fill(-64, 0, 2);
    const ring = new DatagramRing(memory);
    for (let i = 0; i < 20; i++) {
      expect(ring.write(i, Uint8Array.of(i, i + 1))).toBe(true);
      const seen: number[][] = [];
      ring.read((tag, bytes) => seen.push([tag, ...bytes]), 9);
      expect(seen).toEqual([[i, i, i + 1]]);
    }
  });

  it("refuses what does not fit, and takes it when there is room", () => {
    const ring = new DatagramRing(DatagramRing.allocate(capacity));
    expect(ring.write(0, new Uint8Array(200))).toBe(true);
    expect(ring.write(0, new Uint8Array(200))).toBe(false);
    expect(ring.read(() => {}, 9)).toBe(1);
    expect(ring.write(0, new Uint8Array(200))).toBe(true);
  });

  it("asks for the bell exactly once when the reader sleeps, and lets nobody sleep beside something to read", () => {
    const ring = new DatagramRing(DatagramRing.allocate(capacity));
    expect(ring.mustWake()).toBe(false);
    expect(ring.sleep()).toBe(true);
    ring.write(1, Uint8Array.of(1));
    expect(ring.mustWake()).toBe(true);
    expect(ring.mustWake()).toBe(false);
    expect(ring.sleep()).toBe(false);
    expect(ring.mustWake()).toBe(false);
  });

  it("goes past a datagram whose reader threw", () => {
    const ring = new DatagramRing(DatagramRing.allocate(capacity));
    ring.write(1, Uint8Array.of(1));
    ring.write(2, Uint8Array.of(2));
    const refuse = (): void => {
      throw new RangeError("no");
    };
    expect(() => ring.read(refuse, 9)).toThrow("no");
    const tags: number[] = [];
    ring.read((tag) => tags.push(tag), 9);
    expect(tags).toEqual([2]);
  });
});
