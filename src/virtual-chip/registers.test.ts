import { describe, expect, it } from "vitest";
import {
  AtomicNeuronOnDls,
  NeuronConfig,
  SynapseLabelQuad,
  SynapseQuad,
  SynapseWeightQuad,
} from "../protocol/index.js";
import { chipContainers } from "./register-layout.js";
import { Registers } from "./registers.js";

/** What the default initialisation of a real setup writes to the chip's omnibus (stadls init generator). */
const initAddresses = [
  0x0, 0x1, 0xc0012, 0xc0013, 0xc0014, 0xc0015, 0xc0016, 0xc0017, 0xc0018, 0xc0019, 0xc001a, 0x142800, 0x142801,
  0x14a800, 0x14a801, 0x152800, 0x152801, 0x15a800, 0x15a801, 0x2400902, 0x2400903, 0x2400102, 0x2400103, 0x3400902,
  0x3400903, 0x3400102, 0x3400103, 0x110602, 0x110603, 0x118602, 0x118603, 0x160402, 0x160403, 0x168402, 0x168403,
  0x170402, 0x170403, 0x178402, 0x178403, 0x1a1402, 0x1a1403, 0x1a9402, 0x1a9403, 0x2000000, 0x2000001, 0x2000002,
  0x3000000, 0x3000001, 0x3000002, 0x40000,
];

/** Number of addresses that the containers claim, and how many of them two containers claim. */
function claims(): { total: number; shared: string[] } {
  const owner = new Map<number, string>();
  const shared: string[] = [];
  let total = 0;
  for (const container of chipContainers) {
    for (let at = 0; at < container.coordinate.size; at++) {
      for (const address of container.addresses(container.coordinate.at(at))) {
        total++;
        const other = owner.get(address);
        if (other !== undefined) shared.push(`${other} and ${container.name} at ${address.toString(16)}`);
        owner.set(address, container.name);
      }
    }
  }
  return { total, shared };
}

describe("the whole register map", () => {
  it("has some 300,000 words, each with one owner", () => {
    const { total, shared } = claims();
    expect(shared).toEqual([]);
    expect(total).toBeGreaterThan(300_000);
  });

  // Every word of every container with up to 4096 elements; of the larger ones every 61st element and the last.
  it.each(chipContainers.map((c) => [c.name, c] as const))("%s: reset value, used bits, read-back", (_, container) => {
    const registers = new Registers();
    const reset = container.encode({});
    const { size } = container.coordinate;
    const stride = size > 4096 ? 61 : 1;
    const elements = new Set([...Array(Math.ceil(size / stride)).keys()].map((i) => i * stride).concat(size - 1));
    for (const at of elements) {
      container.addresses(container.coordinate.at(at)).forEach((address, word) => {
        const used = container.usedBits[word]!;
        const stored = container.access === "r" ? 0 : reset[word]!;
        const problems: unknown[] = [];
        const check = (what: string, is: unknown, must: unknown): void => {
          if (is !== must) problems.push([what, address, is, must]);
        };
        check("reset", registers.read(address), container.access === "w" ? undefined : stored);
        check("write", registers.write(address, 0xffff_ffff, 0xf), container.access !== "r");
        if (container.access === "rw") {
          check("ones", registers.read(address), used);
          registers.write(address, 0, 0xf);
          check("zeros", registers.read(address), 0);
          registers.write(address, 0xa5a5_a5a5, 0b0101);
          check("byte enables", registers.read(address), (used & 0x00a5_00a5) >>> 0);
        }
        expect(problems).toEqual([]);
      });
    }
    registers.reset();
    if (container.access !== "rw") return;
    container.addresses(container.coordinate.at(0)).forEach((address, word) => {
      expect(registers.read(address)).toBe(reset[word]);
    });
  });

  // Neighbours of what answers: an address before and behind each run that no container claims.
  it("refuses every address beside a container's that no container claims", () => {
    const claimed = new Set<number>();
    for (const container of chipContainers)
      for (let at = 0; at < container.coordinate.size; at++)
        for (const address of container.addresses(container.coordinate.at(at))) claimed.add(address);
    const registers = new Registers();
    let refused = 0;
    for (const address of claimed) {
      for (const beside of [address - 1, address + 1]) {
        if (beside < 0 || claimed.has(beside)) continue;
        refused++;
        if (registers.read(beside) !== undefined || registers.write(beside, 1, 0xf))
          expect.fail(`0x${beside.toString(16)} answers`);
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it.each([0x2, 0xc001b, 0x140018, 0x160000, 0x160008, 0x1a1400, 0x4000_0000, 0x8800_0005, 0xffff_ffff])(
    "refuses the address %i, which nothing listens to",
    (address) => {
      const registers = new Registers();
      expect(registers.read(address)).toBeUndefined();
      expect(registers.write(address, 1, 0xf)).toBe(false);
    },
  );

  it("answers to what a real setup's initialisation writes", () => {
    const registers = new Registers();
    for (const address of initAddresses) expect([address, registers.write(address, 0, 0xf)]).toEqual([address, true]);
  });
});

describe("Registers", () => {
  it("keep weights and labels in the words of the whole synapse", () => {
    const registers = new Registers();
    const at = SynapseQuad.coordinate.at(64 * 300 + 17);
    const write = (address: number | undefined, word: number | undefined): void => {
      expect(registers.write(address!, word!, 0xf)).toBe(true);
    };
    const whole = SynapseQuad.encode({ weight0: 1, label2: 3, timeCalib1: 2, ampCalib3: 1 });
    for (const [i, address] of SynapseQuad.addresses(at).entries()) write(address, whole[i]);
    write(SynapseWeightQuad.addresses(at)[0], SynapseWeightQuad.encode({ weight0: 33, weight3: 62 })[0]);
    write(SynapseLabelQuad.addresses(at)[0], SynapseLabelQuad.encode({ label0: 9 })[0]);
    const words = SynapseQuad.addresses(at).map((address) => registers.read(address)!);
    expect(SynapseQuad.decode(words)).toEqual({
      ...SynapseQuad.defaults,
      weight0: 33,
      weight3: 62,
      label0: 9,
      timeCalib1: 2,
      ampCalib3: 1,
    });
    expect(registers.read(SynapseLabelQuad.addresses(at)[0]!)).toBe(SynapseLabelQuad.encode({ label0: 9 })[0]);
  });

  it("tell a block of a write and let it answer", () => {
    const registers = new Registers();
    const seen: number[][] = [];
    registers.hook(NeuronConfig, {
      onWrite: (at, word) => seen.push([at, word, registers.words(NeuronConfig, at)[word]!]),
      onRead: (at, word) => 1000 * at + word,
    });
    const [, second] = NeuronConfig.addresses(AtomicNeuronOnDls.at(300));
    registers.write(second!, 0x90, 0xf);
    expect(seen).toEqual([[300, 1, 0x90]]);
    expect(registers.read(second!)).toBe(300_001);
  });
});
