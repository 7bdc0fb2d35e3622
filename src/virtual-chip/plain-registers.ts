/**
 * Registers that only store: the chip answers at these addresses and keeps the bits, and no circuit of the model looks
 * at them. They are what the initialisation of a real setup writes beyond the containers of docs/registers.md.
 * Source: haldls `vx/omnibus_constants.tcc`, `vx/sram_controller.h`, stadls `vx/v3/init_generator.cpp`; the list is in
 * docs/chip-model.md, "Registers that only store".
 */

export interface PlainRegister {
  readonly address: number;
  readonly usedBits: number;
  readonly resetValue: number;
}

const quadrants = [0, 0x8000, 0x10000, 0x18000];
const halves = [0, 0x8000];
const hemispheres = [0x0200_0000, 0x0300_0000];

/** SRAM timing: a read delay of 8 bits, then address setup (4 bits at 7..4) and write width (4 bits at 3..0). */
function sramTiming(base: number): PlainRegister[] {
  return [0, 1].map((word) => ({ address: base + word, usedBits: 0xff, resetValue: 0 }));
}

function plain(address: number, usedBits: number, resetValue = 0): PlainRegister {
  return { address, usedBits, resetValue };
}

export function plainRegisters(): PlainRegister[] {
  return [
    plain(0x0004_0000, 0xff),
    plain(0x0010_0000, 0xffff, 0xffff),
    ...quadrants.flatMap((q) => [...sramTiming(0x0014_2800 + q), ...sramTiming(0x0016_0402 + q)]),
    ...halves.flatMap((h) => [...sramTiming(0x0011_0602 + h), ...sramTiming(0x001a_1402 + h)]),
    ...hemispheres.flatMap((h) => [
      plain(h, 0xff, 0x88),
      plain(h + 1, 0xffff, 0x303),
      plain(h + 2, 0xff, 4),
      ...sramTiming(h + 0x0040_0902),
      ...sramTiming(h + 0x0040_0102),
    ]),
  ];
}
