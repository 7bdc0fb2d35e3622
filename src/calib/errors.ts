/**
 * What can go wrong in a calibration as a whole. Each class is a different reaction of the caller: mend the file, choose
 * another target, look at the device, start a new run. A single recording that cannot be used is no error: it is kept
 * with its reason and counted.
 */
import { taggedError } from "../base/errors.js";

/** A task file that is not what it must be. Way out: mend the key that the message names. */
export class TaskInvalid extends taggedError("TaskInvalid", "input") {
  /** Name of the file. */
  readonly source: string;
  /** The key, for example `parameter[1].range`, or the line of text that is no TOML. */
  readonly path: string;

  constructor(source: string, path: string, why: string, options?: ErrorOptions) {
    super(`${source}: ${path}: ${why}`, options);
    this.source = source;
    this.path = path;
  }
}

/** A target trace that is not what it must be. Way out: mend what the message names. */
export class TargetInvalid extends taggedError("TargetInvalid", "input") {
  /** Name of the file or of the data. */
  readonly source: string;
  /** For example `line 17`; undefined when the whole target is meant. */
  readonly place: string | undefined;
  readonly value: string;
  readonly legal: string;

  constructor(source: string, place: string | undefined, object: string, value: string, legal: string) {
    super(`${source}${place === undefined ? "" : `, ${place}`}: ${object} is ${value}; legal: ${legal}`);
    this.source = source;
    this.place = place;
    this.value = value;
    this.legal = legal;
  }
}

/** A target that the task cannot reach whatever the codes, for example one without a spike. Way out: another target. */
export class TargetUnreachable extends taggedError("TargetUnreachable", "input") {
  readonly source: string;

  constructor(source: string, reason: string) {
    super(`target ${source} ${reason}`);
    this.source = source;
  }
}

/** Too many recordings could not be used. Way out: look at the reasons, then at the device or at the task. */
export class TooFewSamples extends taggedError("TooFewSamples", "device") {
  readonly stage: string;
  readonly usable: number;
  readonly needed: number;

  constructor(stage: string, usable: number, recorded: number, needed: number, reasons: string) {
    super(`${stage}: ${usable} of ${recorded} recordings are usable, ${needed} or more are needed (${reasons})`);
    this.stage = stage;
    this.usable = usable;
    this.needed = needed;
  }
}

/** The store holds recordings of other codes than this run asks for. Way out: another store, a new run. */
export class BatchMismatch extends taggedError("BatchMismatch", "input") {
  readonly stage: string;
  readonly index: number;

  constructor(stage: string, index: number) {
    super(
      `batch ${stage}/${index} was recorded with other codes than this run sends: same seed, task, target and tensor backend are needed to go on with a run; start a new one`,
    );
    this.stage = stage;
    this.index = index;
  }
}
