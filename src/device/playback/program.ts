/**
 * A finished playback program: its words, what it will be answered, and which access each instruction belongs to.
 * Callers hold an opaque value; the content stays inside the driver.
 */

import { ProgramSpent } from "../errors.js";
import type { PlaybackProgram } from "../interface/index.js";
import type { InstructionIndex } from "./instruction-index.js";
import type { ProgramAnswers } from "./ticket.js";

/** Playback memory of the FPGA, instructions (docs/protocol.md, "Playback"). */
export const maxInstructions = 4_194_304;

export interface ProgramContent {
  /** Big-endian 64-bit words, one per instruction, the halt included. */
  readonly words: Uint8Array;
  readonly answers: ProgramAnswers;
  readonly index: InstructionIndex;
  /** Time that encoding took, ms. */
  readonly encodeMs: number;
}

const contents = new WeakMap<PlaybackProgram, ProgramContent>();

export function createProgram(content: ProgramContent): PlaybackProgram {
  const program = Object.freeze({ instructionCount: content.words.byteLength / 8 }) as PlaybackProgram;
  contents.set(program, content);
  return program;
}

/** Take a program's content for its one run. @throws ProgramSpent */
export function takeProgram(program: PlaybackProgram): ProgramContent {
  const content = contents.get(program);
  if (content === undefined) throw new ProgramSpent("it has been run before, or this driver did not build it");
  contents.delete(program);
  return content;
}
