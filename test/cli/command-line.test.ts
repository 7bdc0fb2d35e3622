/** Promises about the whole command line: examples that are right, settings and their order, completion in real shells. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completionModel } from "../../src/cli/completion/model.js";
import { completionScript } from "../../src/cli/completion/shells.js";
import { exitCodeHelp } from "../../src/cli/exit-codes.js";
import { allCommands, commonSettings, pathOf } from "../../src/cli/settings.js";
import { asked, testTree } from "../support/command-line.js";
import { shellCommands } from "../support/shell-words.js";

let cwd = "";
let program: Command;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "hxloop-line-"));
  program = await testTree().build();
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const leaves = (): Command[] => allCommands(program).filter(({ commands }) => commands.length === 0);
const nameOf = (command: Command): string => pathOf(command).join(" ");
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe("every command", () => {
  it("has an example of itself, and its examples are right", async () => {
    for (const command of leaves()) {
      const examples = shellCommands((/^Examples?:\n([\s\S]*)$/m.exec(helpOf(command))?.[1] ?? "").trim());
      const own = examples.filter(({ words }) => words[0] === "hxloop");
      expect(
        own.some(({ words }) => words.join(" ").startsWith(`hxloop ${nameOf(command)}`)),
        nameOf(command),
      ).toBe(true);
      for (const { words, line } of own) expect(await asked(words.slice(1)), line).toBeDefined();
    }
  });

  it("has --json", () => {
    for (const command of leaves())
      expect(
        command.options.map(({ long }) => long),
        nameOf(command),
      ).toContain("--json");
  });

  it("is told of the exit codes at the top", () => {
    expect(helpOf(program)).toContain(exitCodeHelp);
  });
});

describe("settings", () => {
  const config = (text: string): Record<string, string> => {
    writeFileSync(join(cwd, "hxloop.toml"), text);
    return { HXLOOP_CONFIG: join(cwd, "hxloop.toml") };
  };
  const optionsOf = async (words: string, env: Record<string, string>) => (await asked(words.split(" "), env))?.options;

  it("come from flags before the environment before a file's section before its top", async () => {
    const env = config('device = "udp://top"\nseed = 1\nneuron = 2\n[calibrate]\nseed = 3\nrounds = 2\nquiet = true\n');
    expect(await optionsOf("calibrate", env)).toEqual({
      device: "udp://top",
      seed: 3,
      neuron: 2,
      rounds: 2,
      quiet: true,
    });
    const both = { ...env, HXLOOP_SEED: "4", HXLOOP_QUIET: "0", HXLOOP_VOLT_SCALE: "12" };
    expect(await optionsOf("calibrate --seed 5", both)).toEqual({
      device: "udp://top",
      seed: 5,
      neuron: 2,
      rounds: 2,
      voltScale: 12,
    });
    expect(await optionsOf("calibrate", both)).toMatchObject({ seed: 4 });
    expect(await optionsOf("doctor", env)).toEqual({ device: "udp://top" });
  });

  it("give way to a flag that they do not go together with", async () => {
    const env = config('[calibrate]\nseed = 3\ndemo-target = true\ndevice = ["udp://a", "udp://b"]\n');
    expect(await optionsOf("calibrate --target cell.csv", env)).toEqual({
      target: "cell.csv",
      seed: 3,
      device: "udp://a udp://b",
    });
    expect(await optionsOf("calibrate --resume runs/a", env)).toEqual({ resume: "runs/a", device: "udp://a udp://b" });
  });

  it("reach commands within a group", async () => {
    expect(await optionsOf("study resume", config("[study.resume]\nkills = 7\n"))).toMatchObject({ kills: 7, seed: 1 });
  });

  it.each([
    ["[calibrate]\nsede = 1", /hxloop\.toml: calibrate\.sede: no setting of this command; legal: .*seed/],
    ["[calibrat]\nseed = 1", /hxloop\.toml: calibrat: no command; legal: calibrate,/],
    ["rounds = 2", /hxloop\.toml: rounds: no common setting; legal: device,/],
    ["[calibrate]\nseed = -1", /hxloop\.toml: calibrate\.seed: --seed = -1 is outside \[0,/],
    ["[calibrate]\nquiet = 3", /hxloop\.toml: calibrate\.quiet: "3" is neither true nor false/],
    ["[calibrate]\nresume = 'a'", /calibrate\.resume: no setting/],
    ["seed = ", /hxloop\.toml: Invalid TOML/],
  ])("that mean nothing are refused: %s", async (text, message) => {
    const error = { _tag: "SettingInvalid", failure: "usage", message: expect.stringMatching(message) };
    await expect(asked(["calibrate"], config(text))).rejects.toMatchObject(error);
  });

  it("at the top of a file each belong to a command", () => {
    const all = new Set(leaves().flatMap(({ options }) => options.map(({ long }) => long)));
    for (const name of commonSettings) expect(all).toContain(`--${name}`);
  });
});

describe("completion", () => {
  const hasShell = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0;
  const write = (shell: "bash" | "zsh" | "fish"): string => {
    const file = join(cwd, `completion.${shell}`);
    writeFileSync(file, completionScript(shell, completionModel(program)));
    return file;
  };

  it.skipIf(!hasShell("bash")).each([
    ["hxloop ", ["calibrate", "study", "settings"]],
    ["hxloop cal", ["calibrate"]],
    ["hxloop study ", ["resume", "coverage"]],
    ["hxloop study resume --ki", ["--kills"]],
    ["hxloop calibrate --sch", ["--scheme"]],
    ["hxloop calibrate --scheme ", ["npe", "tsnpe", "snpe-c"]],
    ["hxloop calibrate --seed 3 --backend w", ["wasm"]],
    ["hxloop show completion.b", ["completion.bash"]],
    ["hxloop completion ", ["bash", "zsh", "fish"]],
  ])("in bash: %j", (line, expected) => {
    const script = `source ${write("bash")}; COMP_WORDS=(${line} ${line.endsWith(" ") ? '""' : ""}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _hxloop; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], { cwd, encoding: "utf8" });
    expect(stderr).toBe("");
    const words = stdout.trim().split("\n");
    for (const word of expected) expect(words).toContain(word);
    if (expected.length === 1) expect(words).toEqual(expected);
  });

  it.skipIf(!hasShell("zsh"))("is a script that zsh takes, with all commands", () => {
    // Without zsh's own completion system, which takes seconds to begin: only what is registered, and that it parses.
    const script = `compdef() { print -- $@ }; source ${write("zsh")}; whence -w _hxloop_study_resume`;
    const { stdout, stderr } = spawnSync("zsh", ["-f", "-c", script], { cwd, encoding: "utf8" });
    expect([stderr, stdout]).toEqual(["", "_hxloop hxloop\n_hxloop_study_resume: function\n"]);
  });

  it.skipIf(!hasShell("fish")).each([
    ["hxloop cal", ["calibrate"]],
    ["hxloop calibrate --scheme ts", ["tsnpe"]],
    ["hxloop study resume --ki", ["--kills"]],
  ])("in fish: %j", (line, expected) => {
    const script = `source ${write("fish")}; complete -C ${JSON.stringify(line)}`;
    const { stdout } = spawnSync("fish", ["--no-config", "-c", script], { cwd, encoding: "utf8" });
    const words = stdout.trim().split("\n");
    expect(words.map((text) => text.split("\t")[0])).toEqual(expected);
  });
});
