/** `hxloop tasks`: the shipped tasks, or what a task file holds, or the schema of such files. */
import { Command } from "commander";
import type { Task } from "../../calib/task/task.js";
import { taskFileJsonSchema } from "../../calib/task/task-text.js";
import { shippedTasks } from "../../calib/task/tasks.js";
import type { Context } from "../context.js";
import { nonEmpty } from "../options.js";
import { taskNamed } from "../task-source.js";

interface TasksFlags {
  readonly schema?: true;
  readonly json?: true;
}

export function tasksCommand(context: Context): Command {
  return new Command("tasks")
    .description("List what can be calibrated, or check and show a task file.")
    .argument("[NAME|FILE]", "one task: a name, or a task file (.toml)", nonEmpty)
    .option("--schema", "print the JSON schema of task files, for editors")
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExamples:\n  $ hxloop tasks\n  $ hxloop tasks mine.toml")
    .action((what: string | undefined, flags: TasksFlags) => show(context, what, flags));
}

/** @throws FieldOutOfRange, FileUnreadable, TaskInvalid */
async function show({ terminal }: Context, what: string | undefined, flags: TasksFlags): Promise<void> {
  if (flags.schema) return terminal.result(JSON.stringify(taskFileJsonSchema(), null, 2));
  const tasks = what === undefined ? shippedTasks : [(await taskNamed(what)).task];
  if (flags.json) return terminal.result(JSON.stringify({ schema: "hxloop.tasks/1", tasks, notices: [] }));
  terminal.result(tasks.map((task) => (what === undefined ? line(task) : whole(task))).join("\n"));
}

function line({ name, description, parameters }: Task): string {
  return `${name.padEnd(10)}${parameters.length} codes   ${description}`;
}

function whole(task: Task): string {
  const { budget, stimulus, parameters } = task;
  const width = Math.max(...parameters.map(({ name }) => name.length));
  const rows = parameters.map(({ name, min, max, mode }) => {
    return `  ${name.padEnd(width)}  ${min}..${max}${mode === undefined ? "" : `, ${mode}`}`;
  });
  return [
    `${task.name}: ${task.description}`,
    "inferred, CapMem LSB:",
    ...rows,
    `stimulus: step of current from ${stimulus.onUs} to ${stimulus.offUs} us of ${stimulus.endUs} us`,
    `budget: ${budget.simulations} emulations in ${budget.rounds} rounds, ${budget.draws} draws, ${budget.repeats} repeats`,
  ].join("\n");
}
