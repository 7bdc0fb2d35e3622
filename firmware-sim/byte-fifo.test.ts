import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteFifo } from "./byte-fifo.js";

type Step = { readonly push: number } | { readonly read: number } | { readonly take: number };

it("gives bytes out in the order in which they came, whatever the pieces", () => {
  const size = fc.oneof(fc.nat(20), fc.nat(9000));
  const step = fc.oneof(
    fc.record({ push: size }),
    fc.record({ read: fc.constantFrom(1, 8, 700) }),
    fc.record({ take: size }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps: readonly Step[]) => {
      const fifo = new ByteFifo();
      let written = 0;
      let read = 0;
      const expectNext = (bytes: Uint8Array): void => {
        expect([...bytes.subarray(0, 20)]).toEqual([...bytes.subarray(0, 20).keys()].map((i) => (read + i) % 251));
        expect(bytes.every((byte, i) => byte === (read + i) % 251)).toBe(true);
        read += bytes.length;
      };
      for (const action of steps) {
        if ("push" in action) {
          const from = written;
          fifo.push(Uint8Array.from({ length: action.push }, (_, i) => (from + i) % 251));
          written += action.push;
        } else if ("read" in action) {
          const target = new Uint8Array(action.read);
          const had = fifo.length;
          expect(fifo.readInto(target)).toBe(had >= action.read);
          if (had >= action.read) expectNext(target);
        } else {
          const due = Math.min(action.take, fifo.length);
          const taken = fifo.take(action.take);
          expect(taken).toHaveLength(due);
          expectNext(taken);
        }
        expect(fifo.length).toBe(written - read);
      }
    }),
    { seed: 5, numRuns: 150 },
  );
});
