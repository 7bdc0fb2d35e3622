/**
 * The one error base of the project. An error class exists only where a caller would react differently;
 * callers match on `_tag`, never on the text. `failure` is the class that decides a process's exit code.
 */

/** What kind of thing went wrong, from the view of the person at the terminal. */
export type FailureClass =
  /** The request is malformed or out of range: change the arguments. */
  | "usage"
  /** An input file or observation is not what it must be: change the data. */
  | "input"
  /** The device or the link to it failed: replug, wait, retry. */
  | "device"
  /** The method could not do it: other options, more budget, another target. */
  | "method"
  /** A defect of hxloop. */
  | "internal";

export abstract class HxError extends Error {
  abstract readonly _tag: string;
  abstract readonly failure: FailureClass;

  override get name(): string {
    return this._tag;
  }
}

/**
 * The shape of every error class: `class FileUnreadable extends taggedError("FileUnreadable", "input") {}`, with fields of
 * its own where a caller reads them.
 */
export function taggedError<const T extends string, const F extends FailureClass>(
  tag: T,
  failure: F,
): new (
  message?: string,
  options?: ErrorOptions,
) => HxError & { readonly _tag: T; readonly failure: F } {
  return class extends HxError {
    readonly _tag = tag;
    readonly failure = failure;
  };
}

/** An argument outside its legal range. Message: object, value, legal range. */
export class FieldOutOfRange extends taggedError("FieldOutOfRange", "usage") {
  readonly object: string;
  readonly value: unknown;
  readonly range: string;

  constructor(object: string, value: unknown, range: string, options?: ErrorOptions) {
    super(`${object} = ${String(value)} is outside ${range}`, options);
    this.object = object;
    this.value = value;
    this.range = range;
  }
}

/** Narrow an unknown error to one of ours, optionally with a given tag. */
export function isHxError(error: unknown, tag?: string): error is HxError {
  return error instanceof HxError && (tag === undefined || error._tag === tag);
}
