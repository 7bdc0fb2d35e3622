/**
 * The default initialisation of a cube board and its chip from cold: supplies and references of the board, reset, clocks,
 * links, time, analog references, memory timings. Order and numbers are those of the official init sequence, whose 348
 * words a test holds this to. Source: stadls `vx/v3/init_generator.cpp`.
 */
import { DacChannel, DacControl, DacOnBoard, ShiftRegister } from "../protocol/containers/board.js";
import type { ContainerType } from "../protocol/containers/container.js";
import { EventRecordingConfig, InstructionTimeoutConfig, SystimeSyncBase } from "../protocol/containers/executor.js";
import {
  CommonPhyConfigChip,
  CommonPhyConfigFpga,
  PhyConfigChip,
  PhyConfigFpga,
  PhyOnDls,
} from "../protocol/containers/phy.js";
import { Adpll, AdpllOnDls, PllClockOutputBlock } from "../protocol/containers/pll.js";
import { ReferenceGeneratorConfig } from "../protocol/containers/readout.js";
import {
  CadcOffsetSramTimingConfig,
  CapMemSramTimingConfig,
  NeuronBackendSramTimingConfig,
  NeuronSramTimingConfig,
  SynapseDriverSramTimingConfig,
} from "../protocol/containers/sram-timing.js";
import { CommonSynramConfig } from "../protocol/containers/synapse.js";
import { theChip, theFpga } from "../protocol/coordinates/unique.js";
import type { Builder } from "./playback/builder.js";

/** Codes of the board's two DACs, by DAC and channel: references and supplies of the chip. */
const boardReferences: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0, 0, 0],
  [608, 2090, 608, 1630, 440, 440, 0, 0],
];

/** FPGA cycles. The links' limit counts from the end of the reset. */
const wait = { board: 125_000, inReset: 10, afterReset: 100, links: 12_500, referenceReset: 1000 } as const;
const jtagClockDivider = 6;

/** The same fields at every coordinate of a container. */
function writeAll<C extends string, F extends object>(
  builder: Builder,
  container: ContainerType<C, F>,
  fields: Partial<F>,
): void {
  const { coordinate } = container;
  for (let index = 0; index < coordinate.size; index++) builder.write(container, coordinate.at(index), fields);
}

/** Multiplexers, supplies and reference voltages of a cube board. */
function initBoard(builder: Builder): void {
  builder.write(ShiftRegister, theFpga, {});
  boardReferences.forEach((codes, dac) => {
    codes.forEach((value, channel) => {
      builder.write(DacChannel, DacOnBoard.at(dac), { channel, value });
    });
  });
  writeAll(builder, DacControl, {});
  builder.resetTimer().waitUntil(wait.board);
}

function resetChip(builder: Builder): void {
  builder.chipReset(true).resetTimer().waitUntil(wait.inReset);
  builder.chipReset(false).resetTimer().waitUntil(wait.afterReset);
}

/** Clocks of the chip, then the links between FPGA and chip; the links come up while the timer runs on. */
function initClocksAndLinks(builder: Builder): void {
  builder.jtagScaler(jtagClockDivider).jtagInit();
  for (let pll = 0; pll < AdpllOnDls.size; pll++) builder.write(Adpll, AdpllOnDls.at(pll), {});
  builder.write(PllClockOutputBlock, theChip, {});
  for (let link = 0; link < PhyOnDls.size; link++) builder.write(PhyConfigFpga, PhyOnDls.at(link), {});
  for (let link = 0; link < PhyOnDls.size; link++) builder.write(PhyConfigChip, PhyOnDls.at(link), {});
  builder.waitUntil(wait.links).write(CommonPhyConfigFpga, theFpga, {}).write(CommonPhyConfigChip, theChip, {});
}

/** Chip time in step with the FPGA's, from a base on; from here on spikes and samples are recorded. */
function synchroniseTime(builder: Builder, base: number): void {
  builder.write(SystimeSyncBase, theChip, { value: base }).barrier("omnibus").systimeInit().barrier("systime");
  builder.write(EventRecordingConfig, theFpga, { enableEventRecording: true });
}

function startReferenceGenerator(builder: Builder): void {
  builder.write(ReferenceGeneratorConfig, theChip, { enableReset: true }).barrier("omnibus");
  builder.resetTimer().waitUntil(wait.referenceReset);
  builder.write(ReferenceGeneratorConfig, theChip, { enableReset: false });
}

/** Timing of the memories beside the analog circuits. */
function initMemoryTiming(builder: Builder): void {
  const slow = { readDelay: 255, addressSetupTime: 15, writeWidth: 15 } as const;
  writeAll(builder, CapMemSramTimingConfig, { readDelay: 15, addressSetupTime: 14, writeWidth: 1 });
  writeAll(builder, CadcOffsetSramTimingConfig, slow);
  writeAll(builder, SynapseDriverSramTimingConfig, { ...slow, readDelay: 192 });
  writeAll(builder, NeuronSramTimingConfig, slow);
  writeAll(builder, NeuronBackendSramTimingConfig, slow);
  writeAll(builder, CommonSynramConfig, {});
  builder.barrier("omnibus");
}

/**
 * Append the whole default initialisation.
 * @param limit how long an instruction may stall; default 10 ms @param systimeBase chip time to start from, FPGA cycles
 * @throws FieldOutOfRange
 */
export function defaultInit(builder: Builder, limit: { readonly value?: number } = {}, systimeBase = 0): Builder {
  builder.write(InstructionTimeoutConfig, theFpga, limit);
  initBoard(builder);
  resetChip(builder);
  initClocksAndLinks(builder);
  synchroniseTime(builder, systimeBase);
  startReferenceGenerator(builder);
  initMemoryTiming(builder);
  return builder;
}
