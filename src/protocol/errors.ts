/**
 * What can be wrong with words and frames from the other end. The receiver drops, counts or reports; FieldOutOfRange
 * (base) is the counterpart for values of our own.
 */
import { HxError } from "../base/errors.js";

/** Bytes end in the middle of a word or frame. */
export class FrameTruncated extends HxError {
  readonly _tag = "FrameTruncated";
  readonly failure = "device";

  constructor(object: string, length: number, expected: string, options?: ErrorOptions) {
    super(`${object}: length ${length} bytes, must be ${expected}`, options);
  }
}

/** The header names no message: the stream is foreign, or the words are out of step. */
export class UnknownHeader extends HxError {
  readonly _tag = "UnknownHeader";
  readonly failure = "device";
  readonly header: number;

  constructor(stream: string, messageIndex: number, header: number, count: number, options?: ErrorOptions) {
    super(`${stream} message ${messageIndex}: opcode ${header} is outside 0..${count - 1}`, options);
    this.header = header;
  }
}

/** A field holds a value that has no meaning. */
export class ReservedValue extends HxError {
  readonly _tag = "ReservedValue";
  readonly failure = "device";

  constructor(object: string, value: number, range: string, options?: ErrorOptions) {
    super(`${object} = ${value} is reserved, legal is ${range}`, options);
  }
}
