/**
 * Registers of the FPGA's playback executor and its time keeping, at 0x88000000 and up.
 * Source: haldls `vx/fpga.cpp`, `vx/timer.cpp`, `vx/block.cpp`, `vx/systime.cpp`.
 */
import { OnDls, OnFpga } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { bits, flag, scattered, uint } from "./field.js";

const executor = 0x88000000;
const systime = 0x88002000;

/** A 43-bit time in two words, low word at index `low`. */
function time(low: 0 | 1, doc: string) {
  const runs = [bits(low, 0, 32), bits(1 - low, 0, 11, { valueLow: 32 })];
  return scattered(runs, doc, { unit: "FPGA cycles" });
}

export const FpgaDeviceDna = defineContainer({
  name: "FpgaDeviceDna",
  doc: "The FPGA's 57-bit serial number, most significant word first.",
  coordinate: OnFpga,
  access: "r",
  address: () => executor + 3,
  offsets: [0, 1],
  fields: {
    high: uint(0, 0, 25, "bits 56..32", { hex: true }),
    low: uint(1, 0, 32, "bits 31..0", { hex: true }),
  },
});

export const EventRecordingConfig = defineContainer({
  name: "EventRecordingConfig",
  doc: "Whether spikes and MADC samples are sent to the host.",
  coordinate: OnFpga,
  address: () => executor + 5,
  fields: { enableEventRecording: flag(0, 0, "events are recorded") },
});

export const PollingOmnibusBlockConfig = defineContainer({
  name: "PollingOmnibusBlockConfig",
  doc: "What a polling block compares: (read(address) & mask) == target.",
  coordinate: OnFpga,
  address: () => executor + 6,
  offsets: [0, 1, 2],
  fields: {
    address: uint(0, 0, 32, "omnibus address that is read", { hex: true }),
    target: uint(1, 0, 32, "value to compare with", { hex: true }),
    mask: uint(2, 0, 32, "bits that are compared", { hex: true }),
  },
});

export const InstructionTimeoutConfig = defineContainer({
  name: "InstructionTimeoutConfig",
  doc: "How long an instruction may stall before the executor reports a timeout.",
  coordinate: OnFpga,
  address: () => executor + 9,
  fields: { value: uint(0, 0, 32, "limit", { default: 1_250_000, unit: "FPGA cycles" }) },
});

export const SystimeCorrectionBarrierInterrupt = defineContainer({
  name: "SystimeCorrectionBarrierInterrupt",
  doc: "Writing ends a pending systime correction barrier.",
  coordinate: OnFpga,
  access: "w",
  address: () => executor + 0xb,
  fields: {},
});

export const Timer = defineContainer({
  name: "Timer",
  doc: "The playback timer.",
  coordinate: OnFpga,
  access: "r",
  address: () => executor + 0xc,
  fields: { value: uint(0, 0, 32, "time since the last timing setup", { unit: "FPGA cycles" }) },
});

export const SystimeSyncBase = defineContainer({
  name: "SystimeSyncBase",
  doc: "Chip time at the next time synchronisation.",
  coordinate: OnDls,
  address: () => 0,
  offsets: [0, 1],
  fields: { value: time(0, "start value of the chip time") },
});

export const FpgaSystimeSyncNumRetries = defineContainer({
  name: "FpgaSystimeSyncNumRetries",
  doc: "Attempts of the time synchronisation.",
  coordinate: OnFpga,
  address: () => systime,
  fields: { value: uint(0, 0, 4, "attempts") },
});

export const FpgaSystimeSyncLastRtt = defineContainer({
  name: "FpgaSystimeSyncLastRtt",
  doc: "Round trip time of the last time synchronisation.",
  coordinate: OnFpga,
  access: "r",
  address: () => systime + 1,
  offsets: [0, 1],
  fields: { value: time(1, "round trip") },
});

export const FpgaSystimeSyncLastAsicSystime = defineContainer({
  name: "FpgaSystimeSyncLastAsicSystime",
  doc: "Chip time seen at the last time synchronisation.",
  coordinate: OnFpga,
  access: "r",
  address: () => systime + 3,
  offsets: [0, 1],
  fields: { value: time(1, "chip time") },
});

export const FpgaSystimeSyncActiveState = defineContainer({
  name: "FpgaSystimeSyncActiveState",
  doc: "Whether chip and FPGA time are in step.",
  coordinate: OnFpga,
  access: "r",
  address: () => systime + 5,
  fields: { activeState: flag(0, 0, "time synchronisation is up") },
});
