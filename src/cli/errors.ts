/** What can be wrong with arguments and files; each class is one reaction of the person at the terminal. */
import { type FailureClass, HxError } from "../base/errors.js";

/** A file that was named cannot be read. Reaction: name the right one. */
export class FileUnreadable extends HxError {
  readonly _tag = "FileUnreadable";
  readonly failure: FailureClass = "input";
}

/** A file that was named cannot be written. Reaction: another place. */
export class FileUnwritable extends HxError {
  readonly _tag = "FileUnwritable";
  readonly failure: FailureClass = "input";
}

/** The command line is in itself contradictory or incomplete. Reaction: read the help. */
export class UsageError extends HxError {
  readonly _tag = "UsageError";
  readonly failure: FailureClass = "usage";
}
