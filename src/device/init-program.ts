/**
 * What a session does before its first program: chip reset, time synchronisation, event recording, reference currents.
 * The order is that of the official init sequence (stadls `vx/v3/init_generator.cpp`); clocks and links keep what the
 * board came up with.
 */
import { CapMemBlockConfig } from "../protocol/containers/capmem.js";
import { InstructionTimeoutConfig } from "../protocol/containers/executor.js";
import { CapMemBlockOnDls } from "../protocol/coordinates/hemisphere.js";
import { theFpga } from "../protocol/coordinates/unique.js";
import { resetChip, startReferenceGenerator, synchroniseTime } from "./default-init.js";
import type { PlaybackProgram } from "./interface/index.js";
import type { Builder } from "./playback/builder.js";

/** 1 s, in FPGA cycles. Our choice: CapMem levels take 20 ms, more than the default of 10 ms lets an instruction wait. */
const instructionTimeout = 125_000_000;

export function initProgram(builder: Builder): PlaybackProgram {
  builder.write(InstructionTimeoutConfig, theFpga, { value: instructionTimeout });
  resetChip(builder);
  synchroniseTime(builder);
  startReferenceGenerator(builder);
  for (let block = 0; block < CapMemBlockOnDls.size; block++)
    builder.write(CapMemBlockConfig, CapMemBlockOnDls.at(block), {});
  return builder.barrier("omnibus").build();
}
