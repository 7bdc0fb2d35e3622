/**
 * Settings that need not be said on each command line. In order of precedence: flags; the environment's HXLOOP_OPTION;
 * `hxloop.toml` in the working directory; `hxloop/config.toml` in the user's folder of settings (XDG); the built-in
 * default. HXLOOP_CONFIG names a file that is read in place of both. What does not go together with a flag is passed over.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { z } from "zod/mini";
import { FieldOutOfRange } from "../base/errors.js";
import type { Context } from "./context.js";
import { FileUnreadable, SettingInvalid } from "./errors.js";

export const settingsHelp = `Settings, in this order: flags, HXLOOP_OPTION in the environment, hxloop.toml in the working directory,
hxloop/config.toml in ~/.config (hxloop settings shows them, hxloop settings --example writes one to start from).`;

/** Settings that every command with such an option takes from the top of a file. */
export const commonSettings: readonly string[] = ["device", "task", "neuron", "seed", "backend", "json", "quiet"];
/** What is said for one call, and never for all. */
const onlyFlags = new Set(["force", "any-chip", "any-task", "any-verdict", "skip-failed", "resume", "help", "version"]);

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const valueSchema = z.union([scalar, z.array(scalar)]);
type Value = z.infer<typeof valueSchema>;
type Table = Readonly<Record<string, unknown>>;

export interface Setting {
  /** Name of the option, for example `seed`. */
  readonly option: string;
  readonly value: Value;
  /** For people: `HXLOOP_SEED`, or `hxloop.toml: calibrate.seed`. */
  readonly source: string;
  readonly kind: "env" | "config";
}

/** The files that are looked for, the nearest first. */
export function settingsFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.HXLOOP_CONFIG !== undefined) return env.HXLOOP_CONFIG === "" ? [] : [env.HXLOOP_CONFIG];
  const user = env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return ["hxloop.toml", join(user, "hxloop", "config.toml")];
}

export const variableOf = (option: string): string => `HXLOOP_${option.toUpperCase().replaceAll("-", "_")}`;

type SettingsContext = Pick<Context, "env" | "tree">;

/** All commands under one: `study`, `study resume`. */
export function allCommands(root: Command): Command[] {
  return [root, ...root.commands.flatMap((command) => allCommands(command))];
}

/** Names from the program to a command: `["study", "resume"]`. */
export function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

const namedOptions = (command: Command): Option[] =>
  command.options.filter(({ long }) => long !== undefined && !onlyFlags.has(long.replace(/^--/, "")));
const nameOf = (option: Option): string => (option.long ?? "").replace(/^--/, "");

/**
 * What holds for a command besides its flags, the strongest last.
 * @throws SettingInvalid for a key that means nothing @throws FileUnreadable
 */
export async function settingsFor(command: Command, { env, tree }: SettingsContext): Promise<Setting[]> {
  const names = namedOptions(command).map(nameOf);
  const settings: Setting[] = [];
  for (const file of settingsFiles(env).reverse()) {
    if (existsSync(file) || env.HXLOOP_CONFIG !== undefined)
      settings.push(...inFile(await parse(file), file, command, names, tree.names));
  }
  for (const option of names) {
    const value = env[variableOf(option)];
    if (value !== undefined && value !== "") settings.push({ option, value, source: variableOf(option), kind: "env" });
  }
  return settings;
}

async function parse(file: string): Promise<Table> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new FileUnreadable(`cannot read settings ${file}: ${(cause as Error).message}`, { cause });
  }
  const toml = await import("smol-toml");
  try {
    return toml.parse(text);
  } catch (cause) {
    throw new SettingInvalid(file, (cause as Error).message.split("\n")[0] ?? "no TOML", { cause });
  }
}

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Settings of one file for one command, those of its own section after the common ones. */
function inFile(
  table: Table,
  file: string,
  command: Command,
  names: readonly string[],
  commands: readonly string[],
): Setting[] {
  const settings: Setting[] = [];
  const take = (key: string, value: unknown, option: string): void => {
    const parsed = valueSchema.safeParse(value);
    if (!parsed.success)
      throw new SettingInvalid(`${file}: ${key}`, "it must be text, a number, true or false, or a list");
    settings.push({ option, value: parsed.data, source: `${file}: ${key}`, kind: "config" });
  };
  for (const [key, value] of Object.entries(table)) {
    if (isTable(value)) {
      if (!commands.includes(key)) throw unknown(file, key, "command", commands);
    } else if (!commonSettings.includes(key)) throw unknown(file, key, "common setting", commonSettings);
    else if (names.includes(key)) take(key, value, key);
  }
  let section: unknown = table;
  const path = pathOf(command);
  for (const name of path) section = isTable(section) ? section[name] : undefined;
  if (!isTable(section)) return settings;
  for (const [name, value] of Object.entries(section)) {
    const key = [...path, name].join(".");
    if (!names.includes(name)) throw unknown(file, key, "setting of this command", names);
    take(key, value, name);
  }
  return settings;
}

function unknown(file: string, key: string, what: string, legal: readonly string[]): SettingInvalid {
  return new SettingInvalid(`${file}: ${key}`, `no ${what}; legal: ${legal.join(", ")}`);
}

/** Give a command's options the values of its settings, where no flag says otherwise. @throws SettingInvalid */
export async function applySettings(command: Command, context: SettingsContext): Promise<void> {
  const isFlag = (key: string): boolean => command.getOptionValueSource(key) === "cli";
  const given = command.options.filter((option) => isFlag(option.attributeName()));
  for (const { option: name, value, source, kind } of await settingsFor(command, context)) {
    const option = namedOptions(command).find((candidate) => nameOf(candidate) === name);
    if (option === undefined || isFlag(option.attributeName())) continue;
    const key = option.attributeName();
    const isPassedOver = given.some(
      (other) => conflictsOf(other).includes(key) || conflictsOf(option).includes(other.attributeName()),
    );
    if (!isPassedOver) command.setOptionValueWithSource(key, parsedValue(option, value, source), kind);
  }
}

/** Commander keeps them where its types do not show. */
function conflictsOf(option: Option): readonly string[] {
  return (option as unknown as { readonly conflictsWith: readonly string[] }).conflictsWith;
}

function parsedValue(option: Option, value: Value, source: string): unknown {
  const values = Array.isArray(value) ? value : [value];
  if (option.isBoolean()) {
    const word = String(value).toLowerCase();
    if (["true", "1", "yes"].includes(word)) return true;
    if (["false", "0", "no"].includes(word)) return undefined;
    throw new SettingInvalid(source, `"${word}" is neither true nor false`);
  }
  try {
    const parse = option.parseArg ?? ((text: string) => text);
    return values.map(String).reduce<unknown>((before, text) => parse(text, before), undefined);
  } catch (cause) {
    if (!(cause instanceof FieldOutOfRange) && !(cause instanceof Error && "code" in cause)) throw cause;
    throw new SettingInvalid(source, cause.message, { cause });
  }
}
