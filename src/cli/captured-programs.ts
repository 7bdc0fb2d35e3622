/** The programs of one board in a capture, one by one, whatever the file's length. */
import type { CaptureInvalid } from "../protocol/capture/errors.js";
import { Explainer } from "../protocol/explain/explainer.js";
import { ProgramCollector, type ProgramRecord } from "../protocol/explain/program-record.js";
import { readCapture } from "./capture-source.js";
import type { Context } from "./context.js";

export interface CapturedPrograms {
  /** Boards in the capture. */
  readonly boards: number;
  /** What is missing when the file ends inside a block. */
  readonly cut: CaptureInvalid | undefined;
}

/**
 * @param board which board's programs
 * @param onProgram called for each, in order; reading waits for it
 * @throws FileUnreadable, CaptureInvalid
 */
export async function eachProgram(
  { clock, interrupts }: Context,
  file: string,
  board: number,
  onProgram: (program: ProgramRecord) => Promise<void> | void,
): Promise<CapturedPrograms> {
  let waiting: ProgramRecord[] = [];
  let boards = 0;
  const explainer = new Explainer({
    source: file,
    emit: () => {},
    makeView: (tools) => {
      boards++;
      return new ProgramCollector(tools, (program) => {
        if (program.board === board) waiting.push(program);
      });
    },
  });
  const hand = async (): Promise<void> => {
    const programs = waiting;
    waiting = [];
    for (const program of programs) await onProgram(program);
  };
  const cut = await readCapture(file, explainer, { clock, signal: interrupts.signal }, hand);
  explainer.end();
  await hand();
  if (explainer.error !== undefined) throw explainer.error;
  return { boards, cut };
}
