/**
 * What is on the board around the chip: a shift register and two DACs behind the FPGA's SPI port, and the FPGA's memory
 * for the on-chip processors. An SPI transfer is one omnibus write per byte to the same address, most significant byte
 * first, bit 31 set with the last. Source: haldls `vx/{spi,fpga}.cpp`, fisch `vx/spi.h`.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { numbered } from "../coordinates/hemisphere.js";
import { OnFpga } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { bits, choice, type Field, flag, scattered, series, uint } from "./field.js";

const spi = 0x88007000;
/** Marks the last byte of an SPI transfer. */
const last = 0x8000_0000;

/** Bit of the shift register, whose 24 bits travel in three words. */
function shiftFlag(bit: number, doc: string, isInverted = false): Field<"bool"> {
  return flag(2 - (bit >> 3), bit & 7, doc, { default: !isInverted && bit >= 16, inverted: isInverted });
}

export const ShiftRegister = defineContainer({
  name: "ShiftRegister",
  doc: "Multiplexers, LEDs and supplies of the cube board.",
  coordinate: OnFpga,
  access: "w",
  address: () => spi + 1,
  offsets: [0, 0, 0],
  constantBits: [0, 0, last],
  fields: {
    analogReadoutMux1Input: choice(2, 0, 2, ["off", "readoutChain0", "readoutChain1", "reserved0"], "readout mux 1"),
    analogReadoutMux2Input: choice(2, 2, 2, ["off", "vReset", "vddResistor", "dac25"], "readout mux 2"),
    analogReadoutMux3Input: choice(2, 4, 2, ["off", "iRef", "reserved1", "reserved2"], "readout mux 3"),
    enableIRefBoard: { ...shiftFlag(6, "reference current from the board"), default: true },
    enableMeasureIRef: shiftFlag(7, "reference current measured"),
    enableDacToReadout0: shiftFlag(8, "DAC onto readout 0"),
    enableDacToReadout1: shiftFlag(9, "DAC onto readout 1"),
    enableLed1: shiftFlag(10, "LED 1", true),
    enableLed2: shiftFlag(11, "LED 2", true),
    enableLed3: shiftFlag(12, "LED 3", true),
    enableAdcPowerDown: shiftFlag(13, "board ADC off"),
    enableAdcReset: shiftFlag(14, "board ADC in reset"),
    enableLed4: shiftFlag(15, "LED 4", true),
    enableVdd25Digital: shiftFlag(16, "2.5 V digital supply"),
    enableVdd12Digital: shiftFlag(17, "1.2 V digital supply"),
    enableVdd25Analog: shiftFlag(18, "2.5 V analog supply"),
    enableVdd12Analog: shiftFlag(19, "1.2 V analog supply"),
    enableVdd12Madc: shiftFlag(20, "1.2 V MADC supply"),
    enableVdd12Pll: shiftFlag(21, "1.2 V PLL supply"),
    enableLed7: shiftFlag(22, "LED 7", true),
    enableLed8: shiftFlag(23, "LED 8", true),
  },
});

export const DacOnBoard = numbered("DacOnBoard", 2, "dac");
const dacAddress = (dac: number): number => spi + 2 + 2 * dac;

export const DacChannel = defineContainer({
  name: "DacChannel",
  doc: "One of the eight outputs of a board DAC, and the command that makes it take effect.",
  coordinate: DacOnBoard,
  access: "w",
  address: dacAddress,
  offsets: [0, 0, 0, 0],
  constantBits: [0, last, 0xa0, last + 2],
  fields: {
    channel: uint(0, 4, 3, "output"),
    value: scattered([bits(1, 0, 8), bits(0, 0, 4, { valueLow: 8 })], "code", { unit: "DAC LSB" }),
  },
});

export const DacControl = defineContainer({
  name: "DacControl",
  doc: "Gain and power of a board DAC.",
  coordinate: DacOnBoard,
  access: "w",
  address: dacAddress,
  offsets: [0, 0, 0, 0],
  constantBits: [0x80, last, 0xc0, last],
  fields: {
    gainReference: uint(1, 0, 8, "gain and reference", { default: 0b1100, hex: true }),
    ...series("enableChannel", [0, 1, 2, 3, 4, 5, 6, 7], (i) =>
      flag(3, i, `output ${i} on`, { default: true, inverted: true }),
    ),
  },
});

export const ExternalPpuMemoryQuadOnFpga = numbered("ExternalPpuMemoryQuadOnFpga", 0x8000, "w");
const externalMemory = 0x80000000;

export const ExternalPpuMemoryQuad = defineContainer({
  name: "ExternalPpuMemoryQuad",
  doc: "Four bytes of the FPGA's memory for the on-chip processors; byte 0 is the most significant.",
  coordinate: ExternalPpuMemoryQuadOnFpga,
  address: (at) => externalMemory + at,
  fields: { ...series("byte", [0, 1, 2, 3], (i) => uint(0, 24 - 8 * i, 8, `byte ${i}`, { hex: true })) },
});

/** How to write one byte of that memory: omnibus address, byte enables, and the lowest bit of the byte in the word. */
export function externalPpuMemoryByte(index: number): {
  readonly address: number;
  readonly byteEnables: number;
  readonly low: number;
} {
  const size = 4 * ExternalPpuMemoryQuadOnFpga.size;
  if (!Number.isInteger(index) || index < 0 || index >= size)
    throw new FieldOutOfRange("external memory byte", index, `0..${size - 1}`);
  const lane = 3 - (index % 4);
  return { address: externalMemory + Math.floor(index / 4), byteEnables: 1 << lane, low: 8 * lane };
}
