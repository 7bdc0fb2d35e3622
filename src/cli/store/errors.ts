/** What can go wrong with a run folder; each class is one reaction of the person at the terminal. */
import { taggedError } from "../../base/errors.js";

/** The folder holds another run, or files that are not ours. Reaction: another folder, or go on with that run. */
export class RunFolderTaken extends taggedError("RunFolderTaken", "usage") {}

/** Another process is writing the run. Reaction: wait, or end that process. */
export class RunFolderLocked extends taggedError("RunFolderLocked", "usage") {
  readonly pid: number;

  constructor(directory: string, pid: number, host: string) {
    super(`run folder ${directory} is in use by process ${pid} on ${host}; wait for it, or choose another --out`);
    this.pid = pid;
  }
}

/** The folder is not a run, or what it holds cannot be read. Reaction: name the right folder, or record again. */
export class RunFolderInvalid extends taggedError("RunFolderInvalid", "input") {}

/** The file system refused. Reaction: free space, or another place. */
export class RunFolderUnwritable extends taggedError("RunFolderUnwritable", "input") {}

/** What would be continued was made on another device or with other options. Reaction: the right device. */
export class RunMismatch extends taggedError("RunMismatch", "usage") {}
