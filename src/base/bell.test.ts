import { describe, expect, it } from "vitest";
import { Bell } from "./bell.js";
import { DatagramRing } from "./datagram-ring.js";

describe("the bell", () => {
  const pair = (): { ring: DatagramRing; rung: () => number; bell: Bell } => {
    const ring = new DatagramRing(DatagramRing.allocate(1024));
    let count = 0;
    return { ring, rung: () => count, bell: new Bell(ring, () => void count++) };
  };

  it("rings once for all that is written in one go, after it", async () => {
    const { ring, rung, bell } = pair();
    expect(ring.sleep()).toBe(true);
    for (let i = 0; i < 5; i++) {
      ring.write(0, Uint8Array.of(i));
      bell.soon();
    }
    expect(rung()).toBe(0);
    await Promise.resolve();
    expect(rung()).toBe(1);
  });

  it("does not ring for a reader that is awake, and rings again for one that sleeps again", async () => {
    const { ring, rung, bell } = pair();
    ring.write(0, Uint8Array.of(1));
    bell.soon();
    await Promise.resolve();
    expect(rung()).toBe(0);
    ring.read(() => {}, 10);
    ring.sleep();
    ring.write(0, Uint8Array.of(2));
    bell.soon();
    await Promise.resolve();
    expect(rung()).toBe(1);
  });

  it("rings at once where nothing comes after", () => {
    const { ring, rung, bell } = pair();
    ring.sleep();
    ring.write(0, Uint8Array.of(1));
    bell.now();
    expect(rung()).toBe(1);
  });
});
