// Words by hand from docs/protocol.md and docs/registers.md: opcode in the highest byte, 0x0b + enables + address, 0x0c + word.
import { expect, test } from "vitest";
import { assemble } from "../../src/protocol/text/index.js";
import { hexOf } from "./support.js";

const programs: readonly (readonly [string, readonly string[]])[] = [
  // Neuron 17, row 1: 0x140000 + 32 * 17 + 1.
  ["write CapMemCell n17.v_reset = 512", ["0b00000f00140221", "0c00000000000200"]],
  ["write CapMemCell n17.v_reset value=0x200", ["0b00000f00140221", "0c00000000000200"]],
  ["write CapMemCell n0.v_leak refresh = false", ["0b00000f00140000", "0c000000000003ff"]],
  ["read CapMemCell n7.v_leak", ["0b00001f001400e0"]],
  ["read FpgaDeviceDna fpga", ["0b00001f88000003", "0b00001f88000004"]],
  ["wait 12500", ["05000000000030d4"]],
  ["wait 100us", ["05000000000030d4"]],
  ["wait 0.1ms", ["05000000000030d4"]],
  ["wait 16ns", ["0500000000000002"]],
  ["wait 34s", ["05000000fd51da80"]],
  ["let t = 100us\nwait t", ["05000000000030d4"]],
  ["timer reset", ["0400000000000000"]],
  ["barrier none", ["0700000000000000"]],
  ["barrier systime omnibus", ["0700000000000005"]],
  ["barrier omnibus jtag systime multiFpga systimeCorrection", ["070000000000001f"]],
  ["poll equal\npoll unequal", ["0800000000000001", "0800000000000000"]],
  ["reset on\nreset off", ["0900000000000001", "0900000000000000"]],
  ["tick\nhalt", ["0a00000000000001", "0a00000000000000"]],
  ["spike 0xabcd", ["0d0000000000abcd"]],
  ["spike 0x1111 0x2222", ["0e00000011112222"]],
  ["spike 1 515 65535", ["0f0000010203ffff"]],
  ["systime init\nsystime init off", ["0600000000000001", "0600000000000000"]],
  ["jtag init\njtag scaler 255", ["0000000000000000", "01000000000000ff"]],
  ["jtag ins OMNIBUS_ADDRESS\njtag ins 127", ["0200000000000005", "020000000000007f"]],
  ["jtag data 0x1deadbeef bits=33", ["03002101deadbeef"]],
  ["jtag data 0 bits=32 keep", ["0301200000000000"]],
  // ins 5, 33 bits 2^32 + address; ins 7, 3 bits; ins 6, 32 bits kept.
  [
    "read CommonPhyConfigChip chip",
    [
      "0200000000000005",
      "0300210100040000",
      "0200000000000007",
      "0300030000000000",
      "0200000000000006",
      "0301200000000000",
    ],
  ],
  ["omnibus write 0x12345678 = 0xcafe bytes=1", ["0b00000112345678", "0c0000000000cafe"]],
  [
    "omnibus read 0x88000009\nomnibus address 5\nomnibus data 6",
    ["0b00001f88000009", "0b00000f00000005", "0c00000000000006"],
  ],
  ["word 0xffff_ffff_0000_0001", ["ffffffff00000001"]],
  ["repeat 2 {\n tick # twice\n}\n\n\trepeat 0 {\nhalt\n}", ["0a00000000000001", "0a00000000000001"]],
  ["", []],
];

test.each(programs)("%j", (text, words) => {
  expect(hexOf(assemble(text))).toEqual(words);
  expect(hexOf(assemble(`${text.replaceAll("\n", "\r\n")}   # comment\r\n`))).toEqual(words);
});
