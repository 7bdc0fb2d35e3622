/**
 * The eight high-speed links between FPGA and chip: a PHY at each end. The chip counts its PHYs from the other end, so
 * link p is PHY 7 - p in its JTAG registers and in its enable mask [inferred from the default initialisation for the
 * registers]. Source: haldls `vx/{phy,arq}.{h,cpp}`.
 */
import { numbered } from "../coordinates/hemisphere.js";
import { OnDls, OnFpga } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { flag, series, uint } from "./field.js";

const links = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const fpgaLinkLayer = 0x88004000;
const fpgaCounters = 0x8800c000;

export const PhyOnDls = numbered("PhyOnDls", links.length, "phy");

/** Both ends have the same fields; only the FPGA is master by default. */
function phyFields(isMaster: boolean) {
  return {
    enableBitSlip: flag(0, 0, "slip by one bit"),
    manualDelay: uint(0, 1, 4, "delay set by hand"),
    enableDelayCellMeasurement: flag(0, 5, "measure the delay cells"),
    enableInitializationMasterMode: flag(0, 6, "leads the initialisation", { default: isMaster }),
    enableManualTxDataValidForInit: flag(0, 7, "data valid set by hand during initialisation"),
    enableForceLvdsPowerUp: flag(0, 8, "drivers forced on"),
    enableForceStart: flag(0, 9, "start forced"),
    enableManualTrainingMode: flag(0, 10, "training by hand"),
    enableBerLoopback: flag(0, 11, "loopback for bit error tests"),
    vbias: uint(0, 12, 3, "bias of the drivers", { default: 4 }),
    debugOutputs: uint(0, 15, 1, "debug outputs"),
    enableTransmissionWithoutIdlePattern: flag(0, 17, "no idle pattern between data"),
    enableClockPreAlignment: flag(0, 18, "clock aligned before training"),
    enableDesRecal: flag(0, 19, "deserialiser calibrated again"),
    enableLoopbackEn: flag(0, 20, "loopback"),
    enableAutoInit: flag(0, 21, "initialises by itself", { default: true }),
  };
}

export const PhyConfigFpga = defineContainer({
  name: "PhyConfigFpga",
  doc: "FPGA end of one link.",
  coordinate: PhyOnDls,
  address: (at) => 0x88006000 + at,
  fields: phyFields(true),
});

export const PhyConfigChip = defineContainer({
  name: "PhyConfigChip",
  doc: "Chip end of one link, 22 bits through JTAG.",
  coordinate: PhyOnDls,
  access: "w",
  bus: "jtagPhy",
  address: (at) => links.length - 1 - at,
  fields: phyFields(false),
});

export const CommonPhyConfigFpga = defineContainer({
  name: "CommonPhyConfigFpga",
  doc: "Links that are on, FPGA end.",
  coordinate: OnFpga,
  address: () => fpgaLinkLayer,
  fields: { ...series("enablePhy", links, (p) => flag(0, p, `link ${p} on`, { default: true })) },
});

export const CommonPhyConfigChip = defineContainer({
  name: "CommonPhyConfigChip",
  doc: "Links that are on, chip end.",
  coordinate: OnDls,
  bus: "omnibusOverJtag",
  address: () => 0x40000,
  fields: { ...series("enablePhy", links, (p) => flag(0, 7 - p, `link ${p} on`, { default: true })) },
});

export const PhyStatus = defineContainer({
  name: "PhyStatus",
  doc: "Counters of one link, FPGA end.",
  coordinate: PhyOnDls,
  access: "r",
  address: (at) => [
    ...[0, 1, 2].map((word) => fpgaLinkLayer + 4 + links.length * word + at),
    ...[0, 1].map((word) => fpgaCounters + 2 * at + word),
  ],
  offsets: [0, 8, 16, 0x7ffc, 0x7ffd],
  fields: {
    crcErrorCount: uint(0, 0, 32, "damaged frames"),
    onlineTime: uint(1, 0, 32, "time since the link is up"),
    rxDroppedCount: uint(2, 0, 32, "received frames that were dropped"),
    txCount: uint(3, 0, 32, "frames sent"),
    rxCount: uint(4, 0, 32, "frames received"),
  },
});

export const HicannArqStatus = defineContainer({
  name: "HicannArqStatus",
  doc: "Counters of the reliable link between FPGA and chip.",
  coordinate: OnFpga,
  access: "r",
  address: () => fpgaCounters + 0x10,
  offsets: [0, 1, 2, 3],
  fields: {
    writeCount: uint(0, 0, 32, "packets written"),
    txCount: uint(1, 0, 32, "packets sent, repeats included"),
    rxCount: uint(2, 0, 32, "packets received"),
    readCount: uint(3, 0, 32, "packets read"),
  },
});
