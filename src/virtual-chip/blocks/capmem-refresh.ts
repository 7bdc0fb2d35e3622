/**
 * How a CapMem block turns words into levels: whether it refreshes its cells, how fast, and by how much its reference and
 * its global biases stretch and shift every level. Formulas and confidence: docs/chip-model.md, "Global settings".
 */
import { CapMemBlockConfig, CapMemBlockOnDls, ReferenceGeneratorConfig, theChip } from "../../protocol/index.js";
import type { Registers } from "../registers.js";

/** Register values at which levels are the plain codes: the defaults of the containers. */
const nominal = { ...CapMemBlockConfig.defaults, ...ReferenceGeneratorConfig.defaults };

/** State of one block. */
export interface BlockRefresh {
  readonly isOn: boolean;
  /** Factor on the time constant of settling. */
  readonly slowness: number;
  /** Level = scale * code + offset. */
  readonly voltageScale: number;
  readonly voltageOffset: number;
  readonly currentScale: number;
}

const block = [0, 1, 2, 3] as const;

/** Change of a current per step of v_global_bias, and of the cells' resistor, to first order. */
const currentPerGlobalBias = 0.05;
const currentPerCellResistor = 0.02;
/** Change of the reference per step of its resistor. */
const referencePerResistor = 1 / 80;
/** Shift of a block's voltages per step of its offset, codes. */
const codesPerOffset = 2;
/** Amplifier settings below this are too weak to drive the cells any faster. */
const weakestAmplifier = 4;

/** The four blocks' state as the registers have it. */
export function blockRefresh(registers: Registers): readonly BlockRefresh[] {
  const reference = registers.fields(ReferenceGeneratorConfig, theChip);
  const isReferenced = reference.enableInternalReference && !reference.enableReset;
  const strength = isReferenced
    ? reference.referenceControl /
      nominal.referenceControl /
      (1 + referencePerResistor * (reference.resistorControl - nominal.resistorControl))
    : 0;
  return block.map((index) => {
    const config = registers.fields(CapMemBlockConfig, CapMemBlockOnDls.at(index));
    const amplifier = Math.max(weakestAmplifier, reference[`capmemAmplifier${index}`]);
    return {
      isOn: config.enableCapMem,
      slowness: nominal[`capmemAmplifier${index}`] / amplifier,
      voltageScale: (strength * reference[`capmemSlope${index}`]) / nominal[`capmemSlope${index}`],
      voltageOffset: isReferenced
        ? codesPerOffset * (reference[`capmemOffset${index}`] - nominal[`capmemOffset${index}`])
        : 0,
      currentScale:
        (strength * (1 + currentPerGlobalBias * (config.vGlobalBias - nominal.vGlobalBias))) /
        (1 + currentPerCellResistor * (config.currentCellRes - nominal.currentCellRes)),
    };
  });
}
