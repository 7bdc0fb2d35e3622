/**
 * What can be wrong with words and frames from the other end. The receiver drops, counts or reports; FieldOutOfRange
 * (base) is the counterpart for values of our own.
 */
import { taggedError } from "../base/errors.js";

/** Bytes end in the middle of a word or frame. */
export class FrameTruncated extends taggedError("FrameTruncated", "device") {
  constructor(object: string, length: number, expected: string, options?: ErrorOptions) {
    super(`${object}: length ${length} bytes, must be ${expected}`, options);
  }
}

/** The header names no message: the stream is foreign, or the words are out of step. */
export class UnknownHeader extends taggedError("UnknownHeader", "device") {
  readonly header: number;

  constructor(stream: string, messageIndex: number, header: number, count: number, options?: ErrorOptions) {
    super(`${stream} message ${messageIndex}: opcode ${header} is outside 0..${count - 1}`, options);
    this.header = header;
  }
}

/** A field holds a value that has no meaning. */
export class ReservedValue extends taggedError("ReservedValue", "device") {
  constructor(object: string, value: number, range: string, options?: ErrorOptions) {
    super(`${object} = ${value} is reserved, legal is ${range}`, options);
  }
}
