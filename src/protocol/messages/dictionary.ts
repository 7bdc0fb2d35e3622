/**
 * The messages of both directions. The opcode of a message is its position here; the order is that of the FPGA and must
 * not change. Source: hxcomm `vx/instruction/*.h`, `vx/utmessage_fwd.h`.
 */
import { bit, defineDictionary, type MessageField, number } from "./define-message.js";

/** JTAG instruction registers with a name; the register of PHY p is 68 + 8 p. */
export const jtagInstructions = {
  0: "EXTEST",
  1: "IDCODE",
  2: "SAMPLE_PRELOAD",
  3: "PLL_TARGET_REG",
  4: "SHIFT_PLL",
  5: "OMNIBUS_ADDRESS",
  6: "OMNIBUS_DATA",
  7: "OMNIBUS_REQUEST",
  127: "BYPASS",
} as const;

/** Bits that one JTAG data message can shift. */
export const shiftableBits = { min: 3, max: 33 } as const;

const haltOrTick = { 0: "halt", 1: "tick" } as const;

const label = (low: number, which: string) => number(low, 16, `${which} spike's label`, { hex: true });

/** A spike as the chip sends it, 24 bits. */
function spike<Index extends number>(index: Index, low: number) {
  return {
    [`label${index}`]: number(low, 16, `label of spike ${index}`, { hex: true }),
    [`time${index}`]: number(low + 16, 8, `time stamp of spike ${index}, 4 ns`),
  } as Record<`label${Index}` | `time${Index}`, MessageField<"uint">>;
}

/** A MADC sample, 24 bits. */
function sample<Index extends number>(index: Index, low: number) {
  return {
    [`value${index}`]: number(low, 14, `sample ${index}: 9..0 converted value, 10 line`),
    [`time${index}`]: number(low + 16, 8, `time stamp of sample ${index}, 4 ns`),
  } as Record<`value${Index}` | `time${Index}`, MessageField<"uint">>;
}

export const toFpgaMessages = defineDictionary("toFpga", {
  jtagInit: { payloadBits: 0, doc: "Reset the JTAG state machine.", fields: {} },
  jtagScaler: {
    payloadBits: 8,
    doc: "Set the JTAG clock divider.",
    fields: { value: number(0, 8, "clock divider") },
  },
  jtagIns: {
    payloadBits: 7,
    doc: "Select a JTAG instruction register.",
    fields: { value: number(0, 7, "instruction register", { labels: jtagInstructions }) },
  },
  jtagData: {
    payloadBits: 56,
    doc: "Shift data through the selected register.",
    fields: {
      data: number(0, 33, "data, lowest bit first", { hex: true }),
      bits: number(40, 8, "number of bits to shift", shiftableBits),
      keepResponse: bit(48, "send what comes out"),
    },
  },
  timingSetup: { payloadBits: 0, doc: "Set the timer to zero.", fields: {} },
  waitUntil: {
    payloadBits: 32,
    doc: "Stall until the timer has reached a value.",
    fields: { cycles: number(0, 32, "timer value, FPGA cycles") },
  },
  systimeInit: {
    payloadBits: 1,
    doc: "Synchronise the time of chip and FPGA.",
    fields: { on: bit(0, "start the synchronisation") },
  },
  barrier: {
    payloadBits: 5,
    doc: "Stall until the named units are idle.",
    fields: {
      mask: number(0, 5, "1 omnibus, 2 JTAG, 4 systime, 8 multi-FPGA, 16 systime correction", { hex: true }),
    },
  },
  pollingOmnibusBlock: {
    payloadBits: 1,
    doc: "Stall until the comparison set up in the polling registers has this result.",
    fields: { equal: bit(0, "wanted result of (read(address) & mask) == target") },
  },
  systemReset: { payloadBits: 1, doc: "Drive the chip's reset line.", fields: { on: bit(0, "reset") } },
  loopback: {
    payloadBits: 1,
    doc: "Ask for a loopback message; halt ends a program.",
    fields: { tick: bit(0, "kind", haltOrTick) },
  },
  omnibusAddress: {
    payloadBits: 37,
    doc: "Start an omnibus access; a write takes its data from the next omnibus data message.",
    fields: {
      address: number(0, 32, "word address", { hex: true }),
      byteEnables: number(32, 4, "bytes that are written", { hex: true }),
      read: bit(36, "read access"),
    },
  },
  omnibusData: {
    payloadBits: 32,
    doc: "Word for the address sent just before.",
    fields: { data: number(0, 32, "word", { hex: true }) },
  },
  spikePack1: { payloadBits: 16, doc: "Inject a spike.", fields: { label0: label(0, "the") } },
  spikePack2: {
    payloadBits: 32,
    doc: "Inject two spikes.",
    fields: { label0: label(16, "first"), label1: label(0, "second") },
  },
  spikePack3: {
    payloadBits: 48,
    doc: "Inject three spikes.",
    fields: { label0: label(32, "first"), label1: label(16, "second"), label2: label(0, "third") },
  },
});

export const fromFpgaMessages = defineDictionary("fromFpga", {
  jtagData: {
    payloadBits: 33,
    doc: "What a JTAG data shift has returned.",
    fields: { data: number(0, 33, "data", { hex: true }) },
  },
  omnibusData: {
    payloadBits: 32,
    doc: "Answer to an omnibus read.",
    fields: { data: number(0, 32, "word", { hex: true }) },
  },
  loopback: { payloadBits: 1, doc: "Answer to a loopback.", fields: { tick: bit(0, "kind", haltOrTick) } },
  highspeedLinkNotification: {
    payloadBits: 8,
    doc: "A link to the chip has changed its state.",
    fields: {
      phy: number(5, 3, "number of the PHY"),
      linkUp: bit(4, "the link is up"),
      decodeError: bit(3, "a symbol could not be decoded"),
      crcError: bit(2, "a checksum was wrong"),
      crcRecover: bit(1, "recovered from a wrong checksum"),
      checkError: bit(0, "a check has failed"),
    },
  },
  timeoutNotification: {
    payloadBits: 45,
    doc: "An instruction has stalled for longer than the instruction timeout.",
    fields: {
      instruction: number(0, 32, "index of the instruction"),
      stallCount: number(32, 7, "stalls of the trace, 0..96 on the FPGA"),
      readsInFlight: number(39, 6, "omnibus reads in flight, 0..52 on the FPGA"),
    },
  },
  systime: { payloadBits: 43, doc: "Absolute time.", fields: { time: number(0, 43, "FPGA cycles") } },
  sysdelta: { payloadBits: 8, doc: "Time has advanced.", fields: { increment: number(0, 8, "FPGA cycles") } },
  madcPack1: { payloadBits: 24, doc: "One MADC sample.", fields: sample(0, 0) },
  madcPack2: { payloadBits: 48, doc: "Two MADC samples.", fields: { ...sample(0, 24), ...sample(1, 0) } },
  madcPack3: {
    payloadBits: 72,
    doc: "Three MADC samples.",
    fields: { ...sample(0, 48), ...sample(1, 24), ...sample(2, 0) },
  },
  spikePack1: { payloadBits: 24, doc: "One spike.", fields: spike(0, 0) },
  spikePack2: { payloadBits: 48, doc: "Two spikes.", fields: { ...spike(0, 24), ...spike(1, 0) } },
  spikePack3: {
    payloadBits: 72,
    doc: "Three spikes.",
    fields: { ...spike(0, 48), ...spike(1, 24), ...spike(2, 0) },
  },
});
