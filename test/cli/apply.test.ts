/** `hxloop apply`: codes to the chip that they were found on, and to no other unless that is wanted. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { type CodeDifference, codeSetOf, readBack } from "../../src/calib/codes.js";
import { paperTask } from "../../src/calib/index.js";
import { codesOf } from "../../src/cli/codes-file.js";
import { ownVersion } from "../../src/cli/versions.js";
import type { PlaybackProgramBuilder } from "../../src/device/interface/index.js";
import { smallRunData } from "./run-data.js";
import { hxloop } from "./run-hxloop.js";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-apply-"));
  const device = await openDevice("virtual:?chip=3");
  const { identity } = device;
  await device.close();
  const data = smallRunData();
  const codes = codesOf(paperTask, { ...data, facts: { ...data.facts, device: identity, neuron: 17 } }, ownVersion());
  const put = async (folder: string, change: object): Promise<void> => {
    await mkdir(join(cwd, folder));
    await writeFile(join(cwd, folder, "codes.json"), JSON.stringify({ ...codes, ...change }));
  };
  const keyed = (change: object): object => ({ key: { ...codes.key, ...change } });
  const judged = (status: string, ...reasons: string[]): object => {
    const verdict = { status, ratio: 3.25, predictiveRatio: 4.5, reasons };
    return { neurons: codes.neurons.map((neuron) => ({ ...neuron, verdict })) };
  };
  await put("whole", judged("good"));
  // The made-up run has one check that failed.
  await put("doubtful", {});
  await put("failed", judged("failed", "the emulation of the codes lies 3.3 times as far from the target"));
  const [first] = codes.neurons;
  const verdict = (status: string): object => ({ status, ratio: 1, predictiveRatio: 1, reasons: ["for a test"] });
  await put("mixed", {
    neurons: [
      { ...first, verdict: verdict("good") },
      { ...first, neuron: 18, verdict: verdict("failed") },
    ],
  });
  await put("changed", { ...judged("good"), ...keyed({ taskDigest: "0".repeat(64) }) });
  await put("older", { ...judged("good"), ...keyed({ version: "0.0.1", task: "unheard-of" }) });
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const to = (chip: number): string[] => ["--device", `virtual:?chip=${chip}`];

describe("apply", () => {
  it.concurrent.each([
    ["a run's folder on its own chip", ["whole", ...to(3)], /^$/],
    [
      "doubtful codes, with the reason",
      ["doubtful", ...to(3)],
      /the codes of neuron 17 are doubtful: expected coverage: expected coverage was looked at/,
    ],
    [
      "failed codes, when that is wanted",
      ["failed", ...to(3), "--any-verdict"],
      /codes of neuron 17 are failed: the emulation/,
    ],
    [
      "the others, when those that failed are left as they are",
      ["mixed", ...to(3), "--skip-failed"],
      /neuron 18 is left as it is, its codes failed: for a test/,
    ],
    ["another chip, when that is wanted", ["whole", ...to(2), "--any-chip"], /whose circuits differ/],
    ["a changed task, when that is wanted", ["changed", ...to(3), "--any-task"], /task paper has changed since/],
    [
      "codes of another version and of a task that is not known",
      ["older/codes.json", ...to(3)],
      /found by hxloop 0\.0\.1/,
    ],
  ])("writes and verifies: %s", async (_, args, note) => {
    const { code, stdout, stderr } = await hxloop(["apply", ...args, "--json"], cwd);
    expect(stderr).toMatch(note);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ schema: "hxloop.apply/2", neurons: [17], verified: true });
  });

  it.concurrent.each([
    [2, ["whole", ...to(2)], /belong to board \w+, but virtual:\?chip=2 is board \w+; --any-chip/],
    [
      2,
      ["changed", ...to(3)],
      /another definition of task paper \(digest 000000000000\.\.\., here [0-9a-f]{12}\.\.\.\)/,
    ],
    [2, ["whole", ...to(3), "--task", "adex7"], /another definition of task paper/],
    [
      2,
      ["failed", ...to(3)],
      /codes of neuron 17 failed their check \(the emulation of the codes lies 3\.3 times .*--any-verdict/,
    ],
    [2, ["mixed", ...to(3)], /codes of neuron 18 failed their check \(for a test\).*--skip-failed/],
    [2, ["failed", ...to(3), "--skip-failed"], /codes of neuron 17 failed/],
    [2, ["mixed", ...to(3), "--skip-failed", "--any-verdict"], /cannot be used with option/],
    [3, ["absent", ...to(3)], /cannot read result absent/],
  ])("refuses with %d: %j", async (expected, args, message) => {
    const { code, stdout, stderr } = await hxloop(["apply", ...args], cwd);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([expected, ""]);
  });

  it("names what does not read back", () => {
    // A device whose cells all read 5 and whose switches are all on.
    const tickets = { get: () => ({ value: 5, enableAdaptation: true, enableFire: true }) };
    const builder = { read: () => tickets } as unknown as PlaybackProgramBuilder;
    const found = readBack(builder, codeSetOf(paperTask, 7, [5, 6]))();
    const of = (what: string): CodeDifference[] => found.filter((difference) => difference.what === what);
    expect(of("v_reset")).toEqual([]);
    expect(of("i_bias_adapt_tau")).toEqual([{ where: "neuron 7", what: "i_bias_adapt_tau", written: 6, found: 5 }]);
    expect(of("readout_sc_amp_v_ref")[0]).toMatchObject({ where: "CapMem block 0", written: 400, found: 5 });
  });
});
