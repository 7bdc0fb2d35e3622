/**
 * Clocks of the chip, from a reference of 50 MHz. A PLL makes f_dco = p0 * n * 50 MHz and from it three clocks: dco
 * f_dco / p2, core 0 f_dco / (p1 * m0), core 1 f_dco / (p1 * m1); by default 500, 500 and 250 MHz. The registers are
 * written through JTAG; over the chip's omnibus (also through JTAG) they can be read as well.
 * Source: haldls `vx/pll.{h,cpp}`, `vx/v3/pll.cpp`.
 */
import { numbered } from "../coordinates/hemisphere.js";
import { OnDls } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { choice, type Field, flag, uint } from "./field.js";

const omnibusBase = 0x80000;

export const AdpllOnDls = numbered("AdpllOnDls", 2, "pll");

/** A divider of 1..4, stored less one. */
function preDivider(low: number, doc: string): Field<"uint"> {
  return { ...uint(0, low, 2, doc, { min: 1, max: 4, default: 2 }), storedOffset: -1 };
}

const adpllFields = {
  loopFilterInt: uint(0, 0, 5, "integral part of the loop filter", { default: 2 }),
  loopFilterProp: uint(0, 5, 5, "proportional part of the loop filter", { default: 8 }),
  loopDivN: uint(0, 10, 5, "divider n of the loop", { default: 10 }),
  coreDivM0: uint(0, 15, 5, "divider m0 of core clock 0", { default: 1 }),
  coreDivM1: uint(0, 20, 5, "divider m1 of core clock 1", { default: 2 }),
  preDivP0: preDivider(25, "divider p0 of the loop"),
  preDivP1: preDivider(27, "divider p1 of the core clocks"),
  preDivP2: preDivider(29, "divider p2 of the dco clock"),
  tune: uint(1, 0, 12, "start value of the tuning", { default: 512 }),
  dcoPowerSwitch: uint(1, 12, 6, "power of the oscillator", { default: 63 }),
  openLock: flag(1, 18, "loop open after the lock"),
  enforceLock: flag(1, 19, "lock forced", { default: true }),
  pfdSelect: flag(1, 20, "phase frequency detector"),
  lockWindow: flag(1, 21, "window of the lock"),
  filterShift: uint(1, 22, 2, "shift of the filter at start", { default: 3 }),
  disableLock: flag(1, 24, "lock detection off"),
  enable: flag(1, 30, "PLL on", { default: true }),
  useExternalConfig: flag(1, 31, "these settings instead of the built-in ones", { default: true }),
};

export const Adpll = defineContainer({
  name: "Adpll",
  doc: "One PLL, through its JTAG registers.",
  coordinate: AdpllOnDls,
  access: "w",
  bus: "jtagPll",
  address: (at) => 2 * at,
  offsets: [0, 1],
  fields: adpllFields,
});

export const AdpllOnOmnibus = defineContainer({
  name: "AdpllOnOmnibus",
  doc: "One PLL, through the chip's omnibus.",
  coordinate: AdpllOnDls,
  bus: "omnibusOverJtag",
  address: (at) => omnibusBase + 2 * at,
  offsets: [0, 1],
  fields: adpllFields,
});

const adpllOutputs = ["core0", "core1", "dco"] as const;
/** Fields of one clock output; the outputs are 8 bits each. */
function clockOutput<Name extends string>(name: Name, index: number, defaults: { adpll: number; output: number }) {
  const low = 8 * index;
  return {
    [`${name}Enable`]: flag(0, low, `${name} clock on`, { default: true }),
    [`${name}Bypass`]: flag(0, low + 1, `${name} clock from the reference`),
    [`${name}Adpll`]: uint(0, low + 2, 1, `PLL of the ${name} clock`, { default: defaults.adpll }),
    [`${name}Output`]: choice(0, low + 3, 2, adpllOutputs, `clock of that PLL`, defaults.output),
  } as Record<`${Name}Enable` | `${Name}Bypass`, Field<"bool">> &
    Record<`${Name}Adpll` | `${Name}Output`, Field<"uint">>;
}
const clockOutputFields = {
  ...clockOutput("serdes", 0, { adpll: 0, output: 0 }),
  ...clockOutput("phyReference", 1, { adpll: 0, output: 0 }),
  ...clockOutput("ppu", 2, { adpll: 1, output: 1 }),
  ...clockOutput("madc", 3, { adpll: 0, output: 2 }),
  switchSpl1ToMadc: flag(0, 31, "event fabric on the MADC's clock instead of the PHYs'"),
};

export const PllClockOutputBlock = defineContainer({
  name: "PllClockOutputBlock",
  doc: "Which PLL drives which clock of the chip, through JTAG registers.",
  coordinate: OnDls,
  access: "w",
  bus: "jtagPll",
  address: () => 4,
  fields: clockOutputFields,
});

export const PllClockOutputBlockOnOmnibus = defineContainer({
  name: "PllClockOutputBlockOnOmnibus",
  doc: "Which PLL drives which clock of the chip, through the chip's omnibus.",
  coordinate: OnDls,
  bus: "omnibusOverJtag",
  address: () => omnibusBase + 4,
  fields: clockOutputFields,
});

export const PllSelfTest = defineContainer({
  name: "PllSelfTest",
  doc: "Counts a clock for 2^(preScalerP + 2) reference cycles and compares.",
  coordinate: OnDls,
  bus: "omnibusOverJtag",
  address: () => omnibusBase + 5,
  fields: {
    clockEnable: flag(0, 0, "clock of the test on; starts the test"),
    preScalerP: uint(0, 1, 4, "length of the test"),
    selectSource: choice(0, 5, 2, ["serdes", "phyReference", "ppu", "madc"], "clock that is tested"),
    checkRange: uint(0, 8, 4, "deviation that passes"),
    checkValue: uint(0, 12, 20, "expected count"),
  },
});

export const PllSelfTestStatus = defineContainer({
  name: "PllSelfTestStatus",
  doc: "Result of the clock test.",
  coordinate: OnDls,
  access: "r",
  bus: "omnibusOverJtag",
  address: () => omnibusBase + 7,
  fields: {
    counterValue: uint(0, 0, 20, "count"),
    finished: flag(0, 20, "the test has ended"),
    success: flag(0, 21, "the count is in range"),
  },
});
