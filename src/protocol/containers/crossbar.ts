/**
 * The event crossbar of the chip. A label passes a node if (label & mask) == target; so mask 0 with target 0 passes all,
 * mask 0 with another target nothing. Source: haldls `vx/routing_crossbar.{h,cpp}`.
 */
import { CrossbarInputOnDls, CrossbarNodeOnDls, CrossbarOutputOnDls } from "../coordinates/crossbar.js";
import { OnDls } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { flag, series, uint } from "./field.js";

const outputs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const;

export const CrossbarNode = defineContainer({
  name: "CrossbarNode",
  doc: "Filter of one crossing of the event crossbar, on the 14-bit neuron label.",
  coordinate: CrossbarNodeOnDls,
  address: (at) => 0x130019 + at,
  fields: {
    mask: uint(0, 0, 14, "label bits that are compared", { hex: true }),
    target: uint(0, 16, 14, "what they must be", { hex: true }),
    enableDropCounter: flag(0, 31, "lost events counted at the input"),
  },
});

export const CrossbarOutputConfig = defineContainer({
  name: "CrossbarOutputConfig",
  doc: "Common configuration of the crossbar outputs.",
  coordinate: OnDls,
  address: () => 0x130000,
  fields: {
    ...series("enableSlow", [0, 1, 2, 3], (i) => flag(0, i, `output ${8 + i} to the host throttled`)),
    ...series("enableEventCounter", outputs, (i) => flag(0, 4 + i, `events of output ${i} counted`)),
  },
});

export const CrossbarInputDropCounter = defineContainer({
  name: "CrossbarInputDropCounter",
  doc: "Events lost at one crossbar input, at the nodes that count them.",
  coordinate: CrossbarInputOnDls,
  access: "r",
  address: (at) => 0x130065 + at,
  fields: { value: uint(0, 0, 16, "events") },
});

export const CrossbarOutputEventCounter = defineContainer({
  name: "CrossbarOutputEventCounter",
  doc: "Events at one crossbar output.",
  coordinate: CrossbarOutputOnDls,
  access: "r",
  address: (at) => 0x130079 + at,
  fields: { value: uint(0, 0, 24, "events") },
});
