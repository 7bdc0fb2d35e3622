/** The tasks that can be asked for by name. A new task is a file like `paper.ts` and a line here. */
import { FieldOutOfRange } from "../../base/errors.js";
import { paperTask } from "./paper.js";
import type { Task } from "./task.js";

const tasks: readonly Task[] = [paperTask];

export const taskNames: readonly string[] = tasks.map(({ name }) => name);

/** @throws FieldOutOfRange for an unknown name */
export function taskByName(name: string): Task {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new FieldOutOfRange("task", name, taskNames.join(", "));
  return task;
}
