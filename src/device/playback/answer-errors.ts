/** What is wrong with a program's answers, in terms of what the program asked for. */
import { AnswerMismatch, NotificationReceived } from "../errors.js";
import type { TimeoutNotification } from "./decoder.js";
import type { ProgramContent } from "./program.js";

/** Name the stuck instruction; when reads are in flight, answers come in order, so the first that lacks is known. */
export function stuck(
  url: string,
  program: ProgramContent,
  { instruction, stallCount, readsInFlight }: TimeoutNotification,
): NotificationReceived {
  const what = program.index.describe(instruction);
  const unanswered = readsInFlight > 0 ? program.index.describeAnswer(program.answers.wordCount) : undefined;
  const details = `stall count ${stallCount}, ${readsInFlight} reads in flight`;
  const waitsFor = unanswered === undefined ? details : `${details}, no answer to the ${unanswered}`;
  return new NotificationReceived(url, instruction, what, waitsFor);
}

export function mismatch(url: string, { answers }: ProgramContent): AnswerMismatch {
  const { wordCount, expectedWords, jtagCount, expectedJtag, tickCount, expectedTicks } = answers;
  const jtag = expectedJtag > 0 ? `, ${jtagCount} of ${expectedJtag} JTAG answers` : "";
  const why = `${wordCount} of ${expectedWords} read answers${jtag} and ${tickCount} of ${expectedTicks} ticks came`;
  return new AnswerMismatch(url, why);
}
