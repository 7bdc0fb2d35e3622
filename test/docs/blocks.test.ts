/**
 * Every block of code in the documentation is held against what it speaks of. Command lines are parsed by the real
 * command tree, cheap ones are run, settings and tasks are read, Python is run over a run's folder. Blocks of other
 * languages are run by the tests that are named here.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parseTask } from "../../src/calib/task/task-file.js";
import { taskByName } from "../../src/calib/task/tasks.js";
import { RunFolder } from "../../src/cli/store/run-folder.js";
import { smallBatch, smallRunData } from "../cli/run-data.js";
import { asked } from "../support/command-line.js";
import { shellCommands } from "../support/shell-words.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "hxloop-docs-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const markdown = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
const pages = ["README.md", "CONTRIBUTING.md", ...["docs", "docs/results", "docs/decisions"].flatMap(markdown)];

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}
const blocks: Block[] = pages.flatMap((page) =>
  Array.from(
    readFileSync(join(root, page), "utf8").matchAll(/^```(\S*)\n(.*?)^```/gms),
    ([, language = "", text = ""]) => {
      return { page, language, text };
    },
  ),
);

/** Who runs a language, and which pages that test reads. `py` needs packages that only a user has. */
const elsewhere: Readonly<Record<string, readonly (readonly [page: string, test: string])[]>> = {
  hxasm: [["docs/assembly.md", "test/text/docs.test.ts"]],
  js: [["docs/inference.md", "test/inference/docs-example.test.ts"]],
  ts: [
    ["docs/library.md", "test/package/package.test.ts"],
    ["docs/chip-model.md", "test/physics/bench-chip.ts"],
  ],
  bytes: [["docs/serial-link.md", "test/protocol/serial-link-doc.test.ts"]],
};
const here = new Set(["", "sh", "toml", "python", "py"]);

it("every block is of a language that a test runs", () => {
  for (const { page, language } of blocks) {
    if (here.has(language)) continue;
    const test = elsewhere[language]?.find(([known]) => known === page)?.[1];
    expect(test, `${page}: ${language}`).toBeDefined();
    expect(readFileSync(join(root, test!), "utf8"), test).toContain(page.replace("docs/", ""));
  }
});

/** With a prompt, what has none is output. */
function commandsOf({ text }: Block) {
  const lines = text.replaceAll(/\\\n\s*/g, " ").split("\n");
  const isPrompted = lines.some((line) => line.startsWith("$ "));
  return shellCommands(lines.filter((line) => !isPrompted || line.startsWith("$ ")).join("\n"));
}
const shell = blocks.filter(({ language }) => language === "" || language === "sh");
const commands = shell.flatMap((block) => commandsOf(block).map((command) => ({ page: block.page, ...command })));
const own = commands.filter(({ words }) => words[0] === "hxloop");

describe("command lines", () => {
  it("are found", () => expect(own.length).toBeGreaterThan(60));

  it.each([...new Set(own.map(({ page }) => page))])(
    "of %s are right",
    async (page) => {
      for (const { words, line } of own.filter((command) => command.page === page)) {
        expect(await asked(words.slice(1)), `${page}: ${line}`).toBeDefined();
      }
    },
    120_000,
  );

  it("name scripts of npm that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const { page, words } of commands.filter(({ words }) => words[0] === "npm" && words[1] === "run")) {
      expect(Object.keys(scripts), page).toContain(words[2]);
    }
  });

  it("that are cheap do what they say", () => {
    const cheap = new Set(["tasks", "init", "settings"]);
    const lines = [
      ...new Set(own.filter(({ words }) => cheap.has(words[1] ?? "")).map(({ words }) => words.join(" "))),
    ];
    expect(lines.length).toBeGreaterThan(2);
    const run = `hxloop() { "${process.execPath}" "${join(root, "bin/hxloop.mjs")}" "$@"; }`;
    // Pages begin the same file; here each begins it anew.
    const script = [run, ...lines.map((line) => (line.startsWith("hxloop init") ? `${line} --force` : line))].join(
      "\n",
    );
    const { status, stderr } = spawnSync("sh", ["-eu", "-c", script], {
      cwd,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HXLOOP_CONFIG: "" },
    });
    expect([stderr, status]).toEqual(["", 0]);
  }, 120_000);
});

it("settings and tasks are read as they stand", async () => {
  const toml = blocks.filter(({ language }) => language === "toml");
  expect(toml.length).toBeGreaterThan(1);
  for (const { page, text } of toml) {
    if (text.includes("hxloop.task/1")) expect(parseTask(text, page, taskByName).name).toBeDefined();
    else {
      const file = join(cwd, "settings.toml");
      writeFileSync(file, text);
      expect(await asked(["calibrate"], { HXLOOP_CONFIG: file }), page).toBeDefined();
    }
  }
});

describe("a run's folder in Python", () => {
  const hasPackages = (python: string): boolean => spawnSync(python, ["-c", "import numpy, zstandard"]).status === 0;
  const python = ["python3", "/usr/bin/python3"].find(hasPackages);

  it("opens as docs/run-folder.md says", async ({ skip }) => {
    if (python === undefined) skip("no python3 with numpy and zstandard");
    const request = { task: "paper", device: "virtual:", neuron: 0, seed: 1, simulations: 6, rounds: 2, draws: 4 };
    const target = { kind: "theta", theta: { v_reset: 400, i_bias_adapt_tau: 500 } } as const;
    const quantities = { parameters: ["v_reset", "i_bias_adapt_tau"], scale: { voltPerLsb: 0.0015, offsetVolt: 0 } };
    const whole = { ...request, target, scheme: "tsnpe", backend: "cpu" } as const;
    const folder = await RunFolder.create(join(cwd, "run"), whole, {}, quantities);
    const data = smallRunData();
    const batch = smallBatch(1);
    await folder.putBatch("round-1", 0, batch);
    await folder.putNetwork({ name: "autoencoder", config: {}, weights: Float32Array.of(1, 2, 3) });
    await folder.putResult(data);
    await folder.close("finished");
    const code = blocks.find(({ page, language }) => page.endsWith("run-folder.md") && language === "python")?.text;
    const { stdout, stderr } = spawnSync(python!, ["-c", code!, join(cwd, "run")], { encoding: "utf8" });
    expect(stderr).toBe("");
    const mean = (j: number): number =>
      data.posterior.samples.filter((_, i) => i % 2 === j).reduce((sum, v) => sum + v, 0) / data.posterior.count;
    const counts = batch.reduce((sum, { samples }) => sum + samples.length, 0);
    expect(stdout.trim().split("\n")).toEqual([
      `i_bias_adapt_tau (1, 7) mean ${mean(1).toFixed(3)}`,
      `v_reset (1, 7) mean ${mean(0).toFixed(3)}`,
      `round-1-0000: ${counts} counts of 3 recordings`,
      "autoencoder 3",
    ]);
  });
});
