import { describe, expect, it } from "vitest";
import { ArqPeer } from "../../firmware-sim/arq-peer.js";
import { Rng } from "../../src/base/rng.js";
import type { DatagramPort } from "../../src/protocol/index.js";
import { HostDouble } from "./support/host-double.js";
import { concatenate } from "./support/words.js";

/** Datagrams on their way, each with the time of its arrival, ms. */
interface OnTheWire {
  readonly at: number;
  readonly arrive: (now: number) => void;
}

interface Faults {
  readonly loss: number;
  readonly duplication: number;
  readonly damage: number;
  /** Longest delay, ms; larger than the pace of sending, so that datagrams overtake each other. */
  readonly delay: number;
}

/** A host and the board's peer on a wire with seeded faults, on simulated time. */
function connect(rng: Rng, faults: Faults) {
  let wire: OnTheWire[] = [];
  let now = 0;
  const carry = (datagram: Uint8Array, arrive: (datagram: Uint8Array, now: number) => void): void => {
    if (rng.uniform() < faults.loss) return;
    const bytes = datagram.slice();
    // Damage that changes the length, as the wire below the link leaves no other.
    const carried = rng.uniform() < faults.damage ? bytes.subarray(0, rng.int(bytes.length)) : bytes;
    for (let copies = rng.uniform() < faults.duplication ? 2 : 1; copies > 0; copies--)
      wire.push({ at: now + rng.uniform() * faults.delay, arrive: (at) => arrive(carried, at) });
  };
  const delivered: Uint8Array[] = [];
  const queue: Uint8Array[] = [];
  const peer = new ArqPeer(
    {
      transmit: (datagram) => carry(datagram, (bytes) => host.receive(bytes)),
      deliver: (words) => {
        delivered.push(words.slice());
        queue.push(words.slice());
      },
      hasRoomFor: () => true,
      restart: () => {
        delivered.length = 0;
        queue.length = 0;
      },
      abandon: () => {},
    },
    { info: "version: 2\ncompatible_until: 2\n" },
  );
  const host = new HostDouble((port: DatagramPort, datagram) =>
    carry(datagram, (bytes, at) => peer.receive(port, bytes, at)),
  );
  /** One millisecond. The peer sends back whatever it has received. */
  const step = (): void => {
    now += 1;
    const due = wire.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    wire = wire.filter(({ at }) => at > now);
    for (const { arrive } of due) arrive(now);
    for (; queue.length > 0 && peer.room > 0; ) peer.send(queue.shift()!, now);
    peer.endBatch();
    if ((peer.nextResend ?? now + 1) <= now) peer.resend(now);
    if (now % 5 === 0) host.tick();
  };
  const cut = (): void => {
    wire = [];
  };
  return { host, peer, delivered, step, cut };
}

const program = (frames: number, rng: Rng): Uint8Array =>
  Uint8Array.from({ length: 8 * 3 * frames }, (_, i) => (i % 8 === 0 ? 0 : rng.int(256)));

/** Where two runs of bytes part, for a message that can be read. */
function difference(actual: Uint8Array, expected: Uint8Array): string | undefined {
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  if (at < 0 && actual.length === expected.length) return undefined;
  return `${actual.length} of ${expected.length} bytes, different from word ${Math.floor(at / 8)}`;
}

describe("exactly once, in order", () => {
  const wires: Readonly<Record<string, Faults>> = {
    clean: { loss: 0, duplication: 0, damage: 0, delay: 0.5 },
    "delaying and doubling": { loss: 0, duplication: 0.2, damage: 0, delay: 6 },
    lossy: { loss: 0.25, duplication: 0, damage: 0, delay: 1 },
    "bad in every way": { loss: 0.15, duplication: 0.15, damage: 0.1, delay: 8 },
  };
  for (const [name, faults] of Object.entries(wires)) {
    it(`on a wire that is ${name}`, () => {
      for (let seed = 0; seed < 4; seed++) {
        const rng = Rng.fromSeed(seed).fork(name);
        const { host, peer, delivered, step } = connect(rng.fork("wire"), faults);
        host.reset();
        for (let ms = 0; !host.isOpen && ms < 2000; ms++) {
          step();
          if (ms % 100 === 99 && !host.isOpen) host.reset();
        }
        // More than two rounds of sequence numbers.
        const words = program(600, rng);
        host.send(words, 3);
        for (let ms = 0; host.words.length < words.length && ms < 60_000; ms++) step();
        expect(difference(concatenate(delivered), words), `seed ${seed}`).toBeUndefined();
        expect(difference(host.words, words), `seed ${seed}`).toBeUndefined();
        expect(peer.counters.hostsLost).toBe(0);
      }
    });
  }

  it("for a second host that resets the board while the first still talks", () => {
    for (let seed = 0; seed < 10; seed++) {
      const rng = Rng.fromSeed(seed).fork("second host");
      const { host, delivered, step, cut } = connect(rng.fork("wire"), {
        loss: 0,
        duplication: 0,
        damage: 0,
        delay: 3,
      });
      host.reset();
      for (let ms = 0; !host.isOpen && ms < 100; ms++) step();
      host.send(program(300, rng), 3);
      for (let ms = rng.int(20); ms > 0; ms--) step();
      // Nothing of the old session may arrive after the reset: its frames cannot be told from new ones.
      cut();
      host.reset();
      for (let ms = 0; !host.isOpen && ms < 100; ms++) step();
      const words = program(200, rng);
      host.send(words, 3);
      for (let ms = 0; host.words.length < words.length && ms < 5000; ms++) step();
      expect(difference(concatenate(delivered), words), `seed ${seed}`).toBeUndefined();
    }
  });
});
