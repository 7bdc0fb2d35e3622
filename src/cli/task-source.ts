/** Where a task comes from: its name, a file, or the file that was kept with a run. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Task } from "../calib/task/task.js";
import { parseTask } from "../calib/task/task-file.js";
import { taskByName } from "../calib/task/tasks.js";
import { FileUnreadable } from "./errors.js";

/** Name of the copy in the run's folder. */
export const taskFile = "task.toml";

export interface NamedTask {
  readonly task: Task;
  /** Text of its file; undefined for a shipped task. */
  readonly text: string | undefined;
}

/** @param what a shipped task's name, or the path of a file `*.toml` @throws FieldOutOfRange, FileUnreadable, TaskInvalid */
export async function taskNamed(what: string): Promise<NamedTask> {
  return what.endsWith(".toml") ? await taskIn(what) : { task: taskByName(what), text: undefined };
}

/** The task of a run. @throws FieldOutOfRange, FileUnreadable, TaskInvalid */
export async function keptTask(directory: string, name: string): Promise<NamedTask> {
  const path = join(directory, taskFile);
  return existsSync(path) ? await taskIn(path) : await taskNamed(name);
}

async function taskIn(path: string): Promise<NamedTask> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new FileUnreadable(`cannot read task ${path}: ${(cause as Error).message}`, { cause });
  }
  return { task: parseTask(text, path, taskByName), text };
}
