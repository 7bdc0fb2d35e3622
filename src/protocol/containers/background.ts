/**
 * Background sources: eight generators of regular or Poisson events inside the chip.
 * Source: haldls `vx/background.{h,cpp}`.
 */
import { numbered } from "../coordinates/hemisphere.js";
import { defineContainer } from "./define-container.js";
import { flag, uint } from "./field.js";

export const BackgroundSpikeSourceOnDls = numbered("BackgroundSpikeSourceOnDls", 8, "s");

export const BackgroundSpikeSource = defineContainer({
  name: "BackgroundSpikeSource",
  doc: "One generator. The word with the enable bit is written last.",
  coordinate: BackgroundSpikeSourceOnDls,
  address: (at) => 0x130001 + 3 * at,
  offsets: [1, 2, 0],
  fields: {
    seed: uint(0, 0, 32, "start of the random generator", { hex: true }),
    mask: uint(1, 0, 8, "label bits that are drawn at random", { hex: true }),
    rate: uint(1, 8, 8, "an event is sent when a random byte is not above this"),
    neuronLabel: uint(1, 16, 14, "label of the events", { hex: true }),
    enable: flag(2, 0, "generator on"),
    enableRandom: flag(2, 1, "Poisson instead of regular"),
    period: uint(2, 16, 16, "clock cycles between events or draws"),
  },
});
