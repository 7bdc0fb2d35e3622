/**
 * What a session does before its first program: chip reset, time synchronisation, event recording, reference currents.
 * The order is that of the official init sequence (stadls `vx/v3/init_generator.cpp`); clocks and links keep what the
 * board came up with.
 */
import { CapMemBlockConfig } from "../protocol/containers/capmem.js";
import { EventRecordingConfig, InstructionTimeoutConfig, SystimeSyncBase } from "../protocol/containers/executor.js";
import { ReferenceGeneratorConfig } from "../protocol/containers/readout.js";
import { CapMemBlockOnDls } from "../protocol/coordinates/hemisphere.js";
import { theChip, theFpga } from "../protocol/coordinates/unique.js";
import type { PlaybackProgram } from "./interface/index.js";
import type { Builder } from "./playback/builder.js";

/** 1 s, in FPGA cycles. Our choice: CapMem levels take 20 ms, more than the default of 10 ms lets an instruction wait. */
const instructionTimeout = 125_000_000;
/** FPGA cycles: how long the chip is held in reset, rests after it, and the reference generator is held in reset. */
const wait = { inReset: 10, afterReset: 100, referenceReset: 1000 } as const;

export function initProgram(builder: Builder): PlaybackProgram {
  builder
    .write(InstructionTimeoutConfig, theFpga, { value: instructionTimeout })
    .chipReset(true)
    .resetTimer()
    .waitUntil(wait.inReset)
    .chipReset(false)
    .resetTimer()
    .waitUntil(wait.afterReset)
    .write(SystimeSyncBase, theChip, { value: 0 })
    .barrier("omnibus")
    .systimeInit()
    .barrier("systime")
    .write(EventRecordingConfig, theFpga, { enableEventRecording: true })
    .write(ReferenceGeneratorConfig, theChip, { enableReset: true })
    .barrier("omnibus")
    .resetTimer()
    .waitUntil(wait.referenceReset)
    .write(ReferenceGeneratorConfig, theChip, { enableReset: false });
  for (let block = 0; block < CapMemBlockOnDls.size; block++)
    builder.write(CapMemBlockConfig, CapMemBlockOnDls.at(block), {});
  return builder.barrier("omnibus").build();
}
