import { describe, expect, it } from "vitest";
import { chipContainers, Registers } from "./registers.js";

/** What the default initialisation of a real setup writes to the chip's omnibus (stadls init generator). */
const initAddresses = [
  0x0, 0x1, 0xc0012, 0xc0013, 0xc0014, 0xc0015, 0xc0016, 0xc0017, 0xc0018, 0xc0019, 0xc001a, 0x142800, 0x142801,
  0x14a800, 0x14a801, 0x152800, 0x152801, 0x15a800, 0x15a801, 0x2400902, 0x2400903, 0x2400102, 0x2400103, 0x3400902,
  0x3400903, 0x3400102, 0x3400103, 0x110602, 0x110603, 0x118602, 0x118603, 0x160402, 0x160403, 0x168402, 0x168403,
  0x170402, 0x170403, 0x178402, 0x178403, 0x1a1402, 0x1a1403, 0x1a9402, 0x1a9403, 0x2000000, 0x2000001, 0x2000002,
  0x3000000, 0x3000001, 0x3000002,
];

describe("Registers", () => {
  it("has the chip's containers, some 20,000 words", () => {
    expect(chipContainers.length).toBeGreaterThan(12);
  });

  it.each(chipContainers)("$name: reset value, used bits, read-back, last coordinate included", (container) => {
    const registers = new Registers();
    for (const at of new Set([0, container.coordinate.size - 1])) {
      const reset = container.encode({});
      container.addresses(container.coordinate.at(at)).forEach((address, word) => {
        const used = container.usedBits[word]!;
        if (container.access === "w") expect(registers.read(address)).toBeUndefined();
        else expect(registers.read(address)).toBe(reset[word]);
        expect(registers.write(address, 0xffff_ffff, 0xf)).toBe(container.access !== "r");
        if (container.access !== "rw") return;
        expect(registers.read(address)).toBe(used);
        registers.write(address, 0, 0xf);
        expect(registers.read(address)).toBe(0);
      });
    }
    registers.reset();
    if (container.access === "rw")
      expect(registers.read(container.addresses(container.coordinate.at(0))[0]!)).toBe(container.encode({})[0]);
  });

  it("writes only the bytes that are enabled", () => {
    const registers = new Registers();
    registers.write(0xc0003, 0x83ff, 0xf);
    registers.write(0xc0003, 0, 0x1);
    expect(registers.read(0xc0003)).toBe(0x8300);
    registers.write(0xc0003, 0, 0x2);
    expect(registers.read(0xc0003)).toBe(0);
  });

  it("answers to what a real setup's initialisation writes", () => {
    const registers = new Registers();
    for (const address of initAddresses) expect([address, registers.write(address, 0, 0xf)]).toEqual([address, true]);
  });

  it.each([0x2, 0xc001b, 0x140018, 0x160000, 0x160008, 0x1a1400, 0x4000_0000, 0x8800_0005])(
    "refuses the address %i, which nothing listens to",
    (address) => {
      const registers = new Registers();
      expect(registers.read(address)).toBeUndefined();
      expect(registers.write(address, 1, 0xf)).toBe(false);
    },
  );
});
