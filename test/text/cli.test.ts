/** The commands asm, disasm and run through the real binary: files, pipes, answers by name, and what is refused. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hxloop } from "../cli/run-hxloop.js";
import { instructionVectors } from "../protocol/vectors.js";
import { fromHex, hexOf } from "./support.js";

const binary = fileURLToPath(new URL("../../bin/hxloop.mjs", import.meta.url));
const page = fileURLToPath(new URL("../../docs/assembly.md", import.meta.url));
const init = fromHex(...instructionVectors.initProgram);
const small = "write CapMemCell n17.v_reset = 512\nread CapMemCell n17.v_reset\ntick\nhalt\n";
let cwd = "";
let example = "";

/** With something on standard input; standard output as bytes. */
function piped(args: readonly string[], input: Uint8Array | string): Promise<{ code: number | null; stdout: Buffer }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...args], { cwd, stdio: ["pipe", "pipe", "ignore"] });
    const parts: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(parts) }));
    child.stdin.end(input);
  });
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-text-"));
  example = /```hxasm\n(.*?)```/s.exec(await readFile(page, "utf8"))?.[1] ?? "";
  await writeFile(join(cwd, "example.hxasm"), example);
  await writeFile(join(cwd, "init.bin"), init);
  await writeFile(join(cwd, "small.hxasm"), small);
  await writeFile(join(cwd, "wrong.hxasm"), "tick\nwrite CapmemCel n0.v_leak = 1\n");
  await writeFile(join(cwd, "halts.hxasm"), "halt\ntick\n");
  await writeFile(join(cwd, "stuck.hxasm"), "timer reset\nwait 20s\n");
  await writeFile(join(cwd, "cut.bin"), init.subarray(0, 1001));
  await writeFile(join(cwd, "junk.hxasm"), "tick\nword 0x7f00000000000001\n");
  await writeFile(join(cwd, "idle.hxasm"), "word 0x8000000000000000\n");
  await writeFile(join(cwd, "shift.hxasm"), "word 0x0300220000000000\n");
  await writeFile(join(cwd, "nowhere.hxasm"), "tick\nomnibus read 0xf0000\n");
  await writeFile(join(cwd, "latin.hxasm"), Uint8Array.from([0x23, 0xe4, 0x0a]));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe("asm and disasm", () => {
  it("give the default initialisation back, over files and over pipes", async () => {
    expect(await hxloop(["disasm", "init.bin", "-o", "init.hxasm"], cwd)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await hxloop(["asm", "init.hxasm", "-o", "again.bin"], cwd)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(hexOf(await readFile(join(cwd, "again.bin")))).toEqual(instructionVectors.initProgram);
    const text = await piped(["disasm", "-"], init);
    expect(text).toEqual({ code: 0, stdout: await readFile(join(cwd, "init.hxasm")) });
    const words = await piped(["asm", "-", "-o", "-"], text.stdout);
    expect(words.code).toBe(0);
    expect(Buffer.compare(words.stdout, init)).toBe(0);
  });

  it("prints records, one per register word", async () => {
    const words = (await piped(["asm", "-", "-o", "-"], `${small}write MadcControl chip\nomnibus data 5\n`)).stdout;
    const { code, stdout } = await piped(["disasm", "-", "--json"], words);
    expect(code).toBe(0);
    const none = { container: null, coordinate: null, address: null, word: null };
    const cell = { container: "CapMemCell", coordinate: "n17.v_reset", address: 0x140221 };
    expect((JSON.parse(stdout.toString()) as unknown[]).filter((_, i) => i !== 4)).toEqual([
      { index: 0, instruction: "write", ...cell, fields: { value: 512, refresh: true }, word: 512 },
      { index: 2, instruction: "read", ...cell, fields: {}, word: null },
      { index: 3, instruction: "loopback", ...none, fields: { tick: true } },
      { index: 4, instruction: "loopback", ...none, fields: { tick: false } },
      { index: 7, instruction: "omnibusData", ...none, fields: { data: 5 } },
    ]);
    expect((await piped(["disasm", "-", "--json"], "")).stdout.toString()).toBe("[]\n");
  });
});

describe("run", () => {
  it("prints the answers by name and writes samples and spikes", async () => {
    const args = [
      "run",
      "example.hxasm",
      "--device",
      "virtual:?chip=1",
      "--madc",
      "madc.csv",
      "--spikes",
      "spikes.csv",
    ];
    const { code, stdout, stderr } = await hxloop(args, cwd);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^ *\d+ {2}tick\n *\d+ {2}SpikeCounterRead n17 count=3 overflow=false\n\d+ {2}halt; 2941 MADC samples, 3 spikes\n$/,
    );
    const samples = (await readFile(join(cwd, "madc.csv"), "utf8")).trimEnd().split("\n");
    expect(samples[0]).toBe("chip_time_ns,line,value");
    expect(samples).toHaveLength(1 + 2941);
    const [first, last] = [samples[1]!, samples[2941]!].map((row) => Number(row.split(",")[0]));
    expect(last! - first!).toBeCloseTo(2940 * 34, -1);
    const spikes = (await readFile(join(cwd, "spikes.csv"), "utf8")).trimEnd().split("\n");
    expect(spikes.slice(1).map((row) => Number(row.split(",")[1]))).toEqual([17, 17, 17]);
  });

  it("takes words as well as text, and gives one object", async () => {
    const words = (await piped(["asm", "small.hxasm", "-o", "-"], "")).stdout;
    const fromWords = JSON.parse((await piped(["run", "-", "--json"], words)).stdout.toString());
    const fromText = JSON.parse((await hxloop(["run", "small.hxasm", "--json"], cwd)).stdout);
    expect({ ...fromWords, timeInfo: 0 }).toEqual({ ...fromText, timeInfo: 0 });
    expect(fromText).toMatchObject({
      schema: "hxloop.program-run/1",
      instructions: 5,
      answers: [
        { kind: "container", index: 2, container: "CapMemCell", coordinate: "n17.v_reset", fields: { value: 512 } },
        { kind: "tick", index: 3 },
      ],
      madc: { samples: 0, file: null },
      spikes: { events: 0, file: null },
    });
    expect(fromText.answers[1].fpgaTime).toBeGreaterThan(fromText.answers[0].fpgaTime);
    expect(fromText.endFpgaTime).toBeGreaterThan(fromText.answers[1].fpgaTime);
  });

  it("gives plain reads and JTAG answers, also of words with bits too many", async () => {
    const text =
      "omnibus read 0x88000009 bytes=3\nword 0x0b00203f88000009\njtag ins IDCODE\njtag data 0 bits=32 keep\n";
    await writeFile(join(cwd, "plain.hxasm"), `${text}read AdpllOnOmnibus pll0\n`);
    const { code, stdout } = await hxloop(["run", "plain.hxasm"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/omnibus 0x88000009 0x07735940\n.*omnibus 0x88000009 0x07735940\n.*jtag 0x0348580af\n/);
    expect(stdout).toMatch(/AdpllOnOmnibus pll0/);
  });

  it("sends words that are no instruction only when it is told to", async () => {
    const { code, stdout } = await hxloop(["run", "junk.hxasm", "--any-words"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/tick\n\d+ {2}halt; 0 MADC samples/);
  });
});

// exit code, arguments, what the message says
const refused: readonly (readonly [number, readonly string[], RegExp])[] = [
  [
    3,
    ["asm", "wrong.hxasm", "-o", "x"],
    /^hxloop: wrong\.hxasm:2:7: unknown container "CapmemCel", did you mean CapMemCell\?/,
  ],
  [3, ["asm", "absent.hxasm", "-o", "x"], /cannot read program absent\.hxasm/],
  [3, ["asm", "latin.hxasm", "-o", "x"], /latin\.hxasm is no text/],
  [3, ["asm", "small.hxasm", "-o", "absent/x"], /cannot write absent\/x/],
  [2, ["asm", "small.hxasm"], /required option '-o, --out <OUT>'/],
  [
    3,
    ["disasm", "cut.bin"],
    /cut\.bin: 1001 bytes are not whole words: byte 1000 starts a word of 1 bytes; legal: a multiple of 8/,
  ],
  [3, ["run", "wrong.hxasm"], /wrong\.hxasm:2:7/],
  [3, ["run", "halts.hxasm"], /instruction 0: a halt ends the program/],
  [3, ["run", "cut.bin"], /not whole words/],
  [3, ["run", "small.hxasm", "--madc", "absent/m.csv"], /cannot write absent\/m\.csv/],
  [2, ["run", "small.hxasm", "--timeout", "-1"], /--timeout = -1 is outside \[0, 86400000\]/],
  [2, ["run", "small.hxasm", "--device", "gopher://x"], /gopher/],
  [3, ["run", "junk.hxasm"], /instruction 1: 0x7f00000000000001 is no instruction: opcode 127 is outside 0\.\.15/],
  [3, ["run", "idle.hxasm"], /instruction 0: 0x8000000000000000 is an idle word/],
  [3, ["run", "shift.hxasm"], /instruction 0: .*jtagData\.bits = 34 is reserved, legal is 3\.\.33/],
  [
    4,
    ["run", "nowhere.hxasm"],
    /instruction 1 \(omnibus read 0xf0000: no known register has this address\) did not finish/,
  ],
  [4, ["run", "stuck.hxasm"], /instruction 1 \(wait 2500000000\) did not finish before the instruction timeout/],
];

describe("refused", () => {
  it.concurrent.each(refused)("with %d: hxloop %j", async (code, args, message) => {
    const { code: actual, stdout, stderr } = await hxloop(args, cwd);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe("");
    expect(actual).toBe(code);
  });
});
