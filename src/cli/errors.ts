/** What can be wrong with arguments and files; each class is one reaction of the person at the terminal. */
import { taggedError } from "../base/errors.js";

/** A file that was named cannot be read. Reaction: name the right one. */
export class FileUnreadable extends taggedError("FileUnreadable", "input") {}

/** A file that was named cannot be written. Reaction: another place. */
export class FileUnwritable extends taggedError("FileUnwritable", "input") {}

/** The command line is in itself contradictory or incomplete. Reaction: read the help. */
export class UsageError extends taggedError("UsageError", "usage") {}

/** A setting in a file or in the environment that is not what it must be. Reaction: mend the place that is named. */
export class SettingInvalid extends taggedError("SettingInvalid", "usage") {
  /** For example `hxloop.toml: calibrate.seed`. */
  readonly source: string;

  constructor(source: string, why: string, options?: ErrorOptions) {
    super(`${source}: ${why}`, options);
    this.source = source;
  }
}

/** A file of codes that is not what it must be. Reaction: another file, or calibrate again. */
export class CodesInvalid extends taggedError("CodesInvalid", "input") {}

/** Codes whose own emulation was not the target. Reaction: calibrate again with more simulations, --skip-failed or --any-verdict. */
export class CodesFailed extends taggedError("CodesFailed", "usage") {
  constructor(neurons: readonly number[], why: string) {
    const few = neurons.slice(0, 8).join(", ");
    const more = neurons.length > 8 ? ` and ${neurons.length - 8} more` : "";
    super(
      `the codes of neuron${neurons.length > 1 ? "s" : ""} ${few}${more} failed their check (${why}); calibrate again with more simulations; --skip-failed writes those of the other neurons, --any-verdict these all the same`,
    );
  }
}

/** Codes of one chip for another. Reaction: the right device, or --any-chip. */
export class CodesForOtherChip extends taggedError("CodesForOtherChip", "usage") {
  constructor(url: string, boardId: string, expected: string) {
    super(
      `these codes belong to board ${expected}, but ${url} is board ${boardId}; --any-chip writes them all the same`,
    );
  }
}

/** Codes that were found with another definition of their task. Reaction: calibrate again, or --any-task. */
export class CodesOfOtherTask extends taggedError("CodesOfOtherTask", "usage") {
  constructor(task: string, expected: string, digest: string) {
    const [was, is] = [expected, digest].map((text) => text.slice(0, 12));
    super(
      `these codes were found with another definition of task ${task} (digest ${was}..., here ${is}...); calibrate again, or --any-task writes them all the same`,
    );
  }
}

/** What was written does not read back. Reaction: look at the device. */
export class CodesNotKept extends taggedError("CodesNotKept", "device") {
  constructor(url: string, differences: readonly string[]) {
    const more = differences.length > 3 ? ` and ${differences.length - 3} more` : "";
    super(`${url} does not keep what was written: ${differences.slice(0, 3).join("; ")}${more}`);
  }
}

/** Runs that ought to have the same bytes have not. Reaction: report the defect, with the runs. */
export class ResultNotRepeated extends taggedError("ResultNotRepeated", "internal") {
  constructor(differing: number, runs: number, directory: string) {
    super(`${differing} of ${runs} runs differ from the undisturbed one; they are kept in ${directory}`);
  }
}
