/** A session on the virtual board, recorded, explained, sent again and compared, through the real command line. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hxloop } from "../cli/run-hxloop.js";
import { explain, problems, texts } from "./explain.js";

const program = (code: number): string => `
write CapMemCell n17.v_reset = ${code}
write NeuronConfig n0 enableReadoutAmplifier=true enableReadout=true
write ReadoutSourceSelection chip neuronEvenTop0=true
write MadcConfig chip numberOfSamples=65535
write MadcControl chip wakeUp=true enablePreAmplifier=true
timer reset
wait 1250
write MadcControl chip startRecording=true enablePreAmplifier=true
timer reset
wait 2500
write MadcControl chip stopRecording=true enablePreAmplifier=true
barrier omnibus
read CapMemCell n17.v_reset
read NeuronConfig n0
halt
`;

let cwd = "";
/** On a busy machine the board's thread may start so late that the host asks twice. */
const isLateStart = (text: string): boolean => text.includes("host asks for a reset again");
const lines = (text: string): string[] => text.trimEnd().split("\n");

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-capture-"));
  for (const [name, code] of [
    ["a", 512],
    ["b", 400],
  ] as const) {
    await writeFile(join(cwd, `${name}.hxasm`), program(code));
    const { code: exit, stderr } = await hxloop(["run", `${name}.hxasm`, "--capture", `${name}.pcapng`], cwd);
    expect([exit, stderr]).toEqual([0, ""]);
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const capture = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(cwd, `${name}.pcapng`)));

describe("a recorded session", () => {
  it("can be explained at all depths without an open question", async () => {
    const file = await capture("a");
    for (const depth of ["instructions", "registers", "conversation"] as const) {
      const explained = explain(file, depth);
      expect(explained.error).toBeUndefined();
      expect(problems(explained).filter(({ text }) => !isLateStart(text))).toEqual([]);
    }
    const frames = explain(file, "frames").items;
    expect(frames.filter(({ data }) => data.frame === "invalid")).toEqual([]);
    const conversation = texts(explain(file, "conversation"));
    expect(conversation.some((line) => /^board [0-9a-f]{15}; version: /.test(line))).toBe(true);
    expect(conversation.some((line) => /^read CapMemCell n17\.v_reset = 512, after .* @ .* us$/.test(line))).toBe(true);
    expect(conversation.some((line) => /^\d+ MADC samples, chip /.test(line))).toBe(true);
    expect(conversation.at(-1)).toBe("host says goodbye (flush)");
  });

  it("is whole up to the last block when the recording is cut", async () => {
    const file = await capture("a");
    const { items, error } = explain(file.subarray(0, file.length - 100), "frames");
    expect(error?.message).toMatch(/the last block is cut off/);
    expect(items.length).toBeGreaterThan(20);
  });
});

describe("hxloop decode", () => {
  it("finds a register by its name, as lines and as objects", async () => {
    const { code, stdout } = await hxloop(["decode", "a.pcapng", "--register", "CapMemCell n17.*"], cwd);
    expect(code).toBe(0);
    const found = lines(stdout);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(/^ +\d+\.\d{6} #\d+ +-> write CapMemCell n17\.v_reset = 512$/);
    expect(found[2]).toMatch(/<- answer CapMemCell n17\.v_reset = 512, after /);
    const json = await hxloop(["decode", "a.pcapng", "--register", "CapMemCell n17.*", "--json"], cwd);
    expect(lines(json.stdout).map((line) => JSON.parse(line))).toMatchObject([
      { kind: "write", register: "CapMemCell n17.v_reset", fields: { value: 512, refresh: true }, problem: null },
      { kind: "read" },
      { kind: "answer", fields: { value: 512, refresh: true } },
    ]);
  });

  it("keeps to a span of time, and to what is wrong", async () => {
    const all = lines((await hxloop(["decode", "a.pcapng", "--depth", "frames"], cwd)).stdout);
    const some = lines(
      (await hxloop(["decode", "a.pcapng", "--depth", "frames", "--from", "0.05", "--to", "10"], cwd)).stdout,
    );
    expect(some.length).toBeLessThan(all.length);
    expect(all.slice(-some.length)).toEqual(some);
    const wrong = await hxloop(["decode", "a.pcapng", "--errors"], cwd);
    expect(wrong.code).toBe(0);
    expect(lines(wrong.stdout).filter((line) => line !== "" && !isLateStart(line))).toEqual([]);
  });

  it("follows a recording while it is written, to its orderly end", async () => {
    const file = await capture("a");
    const half = Math.floor(file.length / 2);
    await writeFile(join(cwd, "growing.pcapng"), file.subarray(0, half));
    const following = hxloop(["decode", "growing.pcapng", "--follow"], cwd);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await appendFile(join(cwd, "growing.pcapng"), file.subarray(half));
    expect(await following).toEqual(await hxloop(["decode", "a.pcapng"], cwd));
  });
});

describe("hxloop diff and replay", () => {
  it("find nothing between a capture and itself", async () => {
    const { code, stdout } = await hxloop(["diff", "a.pcapng", "a.pcapng"], cwd);
    expect([code, stdout]).toEqual([0, "the same in 3 programs\n"]);
  });

  it("show the first instruction that differs", async () => {
    const { code, stdout } = await hxloop(["diff", "a.pcapng", "b.pcapng"], cwd);
    expect(code).toBe(1);
    expect(stdout).toContain(
      "  a.pcapng  write CapMemCell n17.v_reset = 512\n  b.pcapng  write CapMemCell n17.v_reset = 400\n",
    );
  });

  it("send a session again to the same chip, and no register differs", async () => {
    const { code, stdout } = await hxloop(["replay", "a.pcapng", "--json", "--capture", "again.pcapng"], cwd);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { differences: { isNote: boolean }[] };
    expect(report).toMatchObject({ schema: "hxloop.replay/1", same: true, sent: 3, skipped: 0 });
    expect(report.differences.every(({ isNote }) => isNote)).toBe(true);
    // The replay's own recording has the session's opening before the three programs.
    expect(texts(explain(await capture("again"), "conversation"))).toContain("program 4");
  });

  it("say which register differs on another chip", async () => {
    const { code, stdout } = await hxloop(["replay", "a.pcapng", "--device", "virtual:?chip=2"], cwd);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /program 0, instruction 0: answer not the same\n.*FpgaDeviceDna fpga high=.*\n.*FpgaDeviceDna/,
    );
  });
});

describe("bad input", () => {
  it.each([
    [3, ["decode", "absent.pcapng"], /cannot read capture absent\.pcapng/],
    [3, ["decode", "a.hxasm"], /a\.hxasm, byte 0: starts with 0x.*; legal: a pcapng file/],
    [3, ["diff", "a.pcapng", "a.hxasm"], /a\.hxasm, byte 0/],
    [3, ["replay", "a.hxasm"], /a\.hxasm, byte 0/],
    [2, ["replay", "a.pcapng", "--board", "3"], /--board = 3, but a\.pcapng has boards 0\.\.0/],
    [2, ["decode", "a.pcapng", "--depth", "words"], /--depth = words is outside/],
    [2, ["decode", "a.pcapng", "--depth", "frames", "--register", "X"], /--register needs --depth registers/],
    [2, ["decode", "a.pcapng", "--from", "soon"], /--from = soon is outside 0 or more seconds/],
    [3, ["run", "a.hxasm", "--capture", "a.pcapng"], /a\.pcapng: it exists; a capture never overwrites a file/],
    [3, ["run", "a.hxasm", "--capture", "no/where.pcapng"], /cannot write capture no\/where\.pcapng/],
  ])("exits with %d: hxloop %j", async (code, args, message) => {
    const outcome = await hxloop(args, cwd);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stdout).toBe("");
    expect(outcome.code).toBe(code);
  });
});
