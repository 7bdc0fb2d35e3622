/** `hxloop study`: studies of the method that anyone can repeat on chips, neurons, seeds and budgets of their own choosing. */
import { Command } from "commander";
import type { Context } from "../context.js";
import { coverageStudyCommand } from "./study-coverage.js";
import { embeddingsStudyCommand } from "./study-embeddings.js";
import { patternsStudyCommand } from "./study-patterns.js";
import { resumeStudyCommand } from "./study-resume.js";
import { transferStudyCommand } from "./study-transfer.js";

export function studyCommand(context: Context): Command {
  const group = new Command("study").description("Repeat a study of the method; prints its table.");
  for (const study of [
    coverageStudyCommand,
    embeddingsStudyCommand,
    patternsStudyCommand,
    transferStudyCommand,
    resumeStudyCommand,
  ])
    group.addCommand(study(context));
  return group;
}
