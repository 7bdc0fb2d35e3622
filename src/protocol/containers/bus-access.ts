/**
 * How one word reaches its register, or is asked for: by omnibus instructions, or through the chip's JTAG port before
 * the high-speed links are up. Sequences: docs/protocol.md, "JTAG".
 */
import type { ToFpgaSink } from "../messages/streams.js";
import type { ContainerBus } from "./container.js";

/** Enables of all four bytes of an omnibus word. */
export const allBytes = 0xf;

/** JTAG instruction registers. */
export const jtagRegister = {
  pllTarget: 3,
  pllShift: 4,
  omnibusAddress: 5,
  omnibusData: 6,
  omnibusRequest: 7,
  /** PHY p of the chip: this plus `phyStep` p. */
  phy: 68,
} as const;
export const phyStep = 8;
/** Bits that are shifted through each. */
export const jtagBits = {
  pllTarget: 4,
  pllShift: 32,
  omnibusAddress: 33,
  omnibusData: 32,
  omnibusRequest: 3,
  phy: 22,
} as const;

/** Emit the instructions that write one word. @param address word address, or register or PHY number on JTAG buses */
export function writeWord(sink: ToFpgaSink, bus: ContainerBus, address: number, word: number): void {
  switch (bus) {
    case "omnibus":
      sink.omnibusAddress(address, false, allBytes);
      sink.omnibusData(word);
      return;
    case "omnibusOverJtag":
      shift(sink, "omnibusAddress", address);
      shift(sink, "omnibusData", word);
      shift(sink, "omnibusRequest", 0);
      return;
    case "jtagPll":
      shift(sink, "pllTarget", address);
      shift(sink, "pllShift", word);
      return;
    case "jtagPhy":
      sink.jtagIns(jtagRegister.phy + phyStep * address);
      sink.jtagData(0, word, jtagBits.phy, false);
      return;
  }
}

/** Buses whose registers can be asked. */
export type ReadableBus = "omnibus" | "omnibusOverJtag";

export function isReadable(bus: ContainerBus): bus is ReadableBus {
  return bus === "omnibus" || bus === "omnibusOverJtag";
}

/** Emit the instructions that ask for one word; the answer is one omnibus or JTAG message. */
export function readWord(sink: ToFpgaSink, bus: ReadableBus, address: number): void {
  if (bus === "omnibus") {
    sink.omnibusAddress(address, true, allBytes);
    return;
  }
  sink.jtagIns(jtagRegister.omnibusAddress);
  sink.jtagData(1, address, jtagBits.omnibusAddress, false);
  shift(sink, "omnibusRequest", 0);
  sink.jtagIns(jtagRegister.omnibusData);
  sink.jtagData(0, 0, jtagBits.omnibusData, true);
}

function shift(sink: ToFpgaSink, register: keyof typeof jtagBits, data: number): void {
  sink.jtagIns(jtagRegister[register]);
  sink.jtagData(0, data, jtagBits[register], false);
}
