/** What a depth of explanation is made of: told of words, messages and resets of one board, it says items. */
import type { Asked } from "./board-words.js";
import type { MessageListener } from "./host-words.js";
import type { Item, Origin } from "./item.js";

export interface View extends MessageListener {
  /** Words for the board, as they come in frames: for the depth that looks at single words. */
  toBoard?(payload: Uint8Array, origin: Origin): void;
  /** Statements for the board. */
  asked?(asked: Asked): void;
  /** The link was reset, or a frame is missing: nothing that was asked will be matched with an answer. */
  broken(origin: Origin): void;
  /** The capture ends. */
  end(): void;
}

export type Emit = (item: Item) => void;

/** Errors in the stream, with their place: the explainer turns them into problems and remembers the first. */
export type Complain = (origin: Origin, what: string, legal: string) => void;

/** What a view needs of the board that it explains. */
export interface ViewTools {
  readonly emit: Emit;
  readonly complain: Complain;
  /** Recognise words that are held back. */
  readonly demand: () => void;
  /** Text of an instruction of a program that is not over. */
  readonly describe: (program: number, instruction: number) => string | undefined;
  /** A program is over. */
  readonly finish: (program: number) => void;
  /** Frames that came again so far, both directions. */
  readonly resends: () => number;
}

export const legalWords = "words of the protocol's version that docs/protocol.md describes";
