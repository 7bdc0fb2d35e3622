/** What can be completed, from the command tree: commands, their options, and what an option's value is. */
import type { Command, Option } from "commander";

/** What a shell offers for a value. */
export type Completable =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" | "text" };

export interface CompletedOption {
  /** `--seed`, and `-o` where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Undefined for a switch. */
  readonly value: Completable | undefined;
}

export interface CompletedCommand {
  /** Names from the program to here; empty for the program itself. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** What stands without an option. */
  readonly argument: Completable | undefined;
}

/** Placeholders in help that stand for a path. */
const pathLike = /\b(FILE|DIR|RESULT|A|B|OUT|IN|PROGRAM|CAPTURE)\b/;

function completable(placeholder: string, words: readonly string[] | undefined): Completable {
  if (words !== undefined) return { kind: "words", words };
  return { kind: pathLike.test(placeholder) ? "file" : "text" };
}

function completedOption(option: Option): CompletedOption {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const value = option.isBoolean() ? undefined : completable(option.flags, option.argChoices);
  return { names, description: option.description.split(/[.;:(]/)[0]?.trim() ?? "", value };
}

/** The program and all commands under it. */
export function completionModel(command: Command, path: readonly string[] = []): CompletedCommand[] {
  const [argument] = command.registeredArguments;
  const own: CompletedCommand = {
    path,
    commands: command.commands.map((sub) => ({ name: sub.name(), description: sub.description() })),
    options: [
      ...command.options.map(completedOption),
      { names: ["--help"], description: "show help", value: undefined },
    ],
    argument: argument === undefined ? undefined : completable(argument.name(), argument.argChoices),
  };
  return [own, ...command.commands.flatMap((sub) => completionModel(sub, [...path, sub.name()]))];
}
