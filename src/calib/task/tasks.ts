/** The tasks that can be asked for by name. A new task is a file like `lif.ts` and a line here. */
import { FieldOutOfRange } from "../../base/errors.js";
import { adex7File } from "./adex7.js";
import { lifFile } from "./lif.js";
import { paperTask } from "./paper.js";
import { patternFile } from "./pattern.js";
import type { Task } from "./task.js";
import { type TaskFile, taskOf } from "./task-file.js";

const shipped = (file: TaskFile): Task => taskOf(file, paperTask, file.name);

/** In the order in which they are shown. */
export const shippedTasks: readonly Task[] = [paperTask, shipped(adex7File), shipped(lifFile), shipped(patternFile)];

export const taskNames: readonly string[] = shippedTasks.map(({ name }) => name);

/** @throws FieldOutOfRange for an unknown name */
export function taskByName(name: string): Task {
  const task = shippedTasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new FieldOutOfRange("task", name, taskNames.join(", "));
  return task;
}
