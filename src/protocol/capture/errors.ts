/** What is wrong with a capture file, and at which byte. One class: the reaction is always to look at that place. */
import { taggedError } from "../../base/errors.js";

export class CaptureInvalid extends taggedError("CaptureInvalid", "input") {
  /** Offset in the file, from 0. */
  readonly offset: number;

  /** @param source what the capture is called: a file's name */
  constructor(source: string, offset: number, what: string, legal: string, options?: ErrorOptions) {
    super(`${source}, byte ${offset}: ${what}; legal: ${legal}`, options);
    this.offset = offset;
  }
}
