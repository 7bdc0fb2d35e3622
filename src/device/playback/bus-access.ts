/**
 * How one word reaches its register: by omnibus instructions, or through the chip's JTAG port before the high-speed
 * links are up. Sequences: docs/protocol.md, "JTAG".
 */
import type { ContainerBus } from "../../protocol/containers/container.js";
import type { ToFpgaSink } from "../../protocol/messages/streams.js";

/** Enables of all four bytes of an omnibus word. */
export const allBytes = 0xf;

/** JTAG instruction registers. */
const jtag = { pllTarget: 3, pllShift: 4, omnibusAddress: 5, omnibusData: 6, omnibusRequest: 7 } as const;
/** Instruction of chip PHY p: this plus 8 p. */
const jtagPhyBase = 68;
const bitsOf = { pllTarget: 4, pllShift: 32, omnibusAddress: 33, omnibusData: 32, omnibusRequest: 3, phy: 22 } as const;

/** Emit the instructions that write one word. @param address word address, or register or PHY number on JTAG buses */
export function writeWord(sink: ToFpgaSink, bus: ContainerBus, address: number, word: number): void {
  switch (bus) {
    case "omnibus":
      sink.omnibusAddress(address, false, allBytes);
      sink.omnibusData(word);
      return;
    case "omnibusOverJtag":
      shift(sink, jtag.omnibusAddress, address, bitsOf.omnibusAddress);
      shift(sink, jtag.omnibusData, word, bitsOf.omnibusData);
      shift(sink, jtag.omnibusRequest, 0, bitsOf.omnibusRequest);
      return;
    case "jtagPll":
      shift(sink, jtag.pllTarget, address, bitsOf.pllTarget);
      shift(sink, jtag.pllShift, word, bitsOf.pllShift);
      return;
    case "jtagPhy":
      shift(sink, jtagPhyBase + 8 * address, word, bitsOf.phy);
      return;
  }
}

function shift(sink: ToFpgaSink, instruction: number, data: number, bits: number): void {
  sink.jtagIns(instruction);
  sink.jtagData(0, data, bits, false);
}
