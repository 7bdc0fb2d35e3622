/** What can go wrong with a run folder; each class is one reaction of the person at the terminal. */
import { type FailureClass, HxError } from "../../base/errors.js";

/** The folder holds another run, or files that are not ours. Reaction: another folder, or go on with that run. */
export class RunFolderTaken extends HxError {
  readonly _tag = "RunFolderTaken";
  readonly failure: FailureClass = "usage";
}

/** Another process is writing the run. Reaction: wait, or end that process. */
export class RunFolderLocked extends HxError {
  readonly _tag = "RunFolderLocked";
  readonly failure: FailureClass = "usage";
  readonly pid: number;

  constructor(directory: string, pid: number, host: string) {
    super(`run folder ${directory} is in use by process ${pid} on ${host}; wait for it, or choose another --out`);
    this.pid = pid;
  }
}

/** The folder is not a run, or what it holds cannot be read. Reaction: name the right folder, or record again. */
export class RunFolderInvalid extends HxError {
  readonly _tag = "RunFolderInvalid";
  readonly failure: FailureClass = "input";
}

/** The file system refused. Reaction: free space, or another place. */
export class RunFolderUnwritable extends HxError {
  readonly _tag = "RunFolderUnwritable";
  readonly failure: FailureClass = "input";
}

/** What would be continued was made on another device or with other options. Reaction: the right device. */
export class RunMismatch extends HxError {
  readonly _tag = "RunMismatch";
  readonly failure: FailureClass = "usage";
}
