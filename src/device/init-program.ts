/**
 * What a session does before its first program, and when it is asked to begin anew: the default initialisation, which brings board and chip up from cold, and
 * the refresh of the CapMem. It does not matter who used the board before.
 */
import { CapMemBlockConfig } from "../protocol/containers/capmem.js";
import { CapMemBlockOnDls } from "../protocol/coordinates/hemisphere.js";
import { defaultInit } from "./default-init.js";
import type { PlaybackProgram } from "./interface/index.js";
import type { Builder } from "./playback/builder.js";

/** 1 s, in FPGA cycles. Our choice: CapMem levels take 20 ms, more than the default of 10 ms lets an instruction wait. */
const instructionTimeout = 125_000_000;

/** @param systimeBase chip time to start from, FPGA cycles @throws FieldOutOfRange */
export function initProgram(builder: Builder, systimeBase = 0): PlaybackProgram {
  defaultInit(builder, { value: instructionTimeout }, systimeBase);
  for (let block = 0; block < CapMemBlockOnDls.size; block++)
    builder.write(CapMemBlockConfig, CapMemBlockOnDls.at(block), {});
  return builder.barrier("omnibus").build();
}
