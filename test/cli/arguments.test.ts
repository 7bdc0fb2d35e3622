/** Bad input through the real command line: one clear message with value and legal range, the exit code of its class. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hxloop } from "./run-hxloop.js";

let cwd = "";
const theta = "v_reset=400,i_bias_adapt_tau=500";

/** The paper's protocol is 1 ms long; the rows are written here, not by the code that reads them. */
function csv(header: string, value: (t: number) => string, from = -10, to = 1010): string {
  const rows = [header];
  for (let t = from; t <= to; t += 0.5) rows.push(`${t},${value(t)}`);
  return rows.join("\n");
}

const files: Record<string, string> = {
  "nan.csv": csv("time_us,membrane_lsb", (t) => (t === 20 ? "NaN" : "400")),
  "unit.csv": csv("time_us,membrane_mv", () => "400"),
  "short.csv": csv("time_us,membrane_lsb", () => "400", -10, 500),
  "gap.csv": csv("time_us,membrane_lsb", () => "400").replace(/\n(4\d\d)(\.5)?,400/g, ""),
  "high.csv": csv("time_us,membrane_lsb", () => "1024"),
  "empty.csv": "",
  "shared.toml": 'schema = "hxloop.task/1"\nname = "shared"\nbase = "paper"\n[scheme]\nkind = "amortised"\n',
};

const manifest = JSON.stringify({
  schema: "hxloop.run/1",
  state: "interrupted",
  request: {
    task: "paper",
    device: "virtual:?chip=1",
    neuron: 0,
    target: { kind: "theta", theta: { v_reset: 400, i_bias_adapt_tau: 500 } },
    seed: 1,
    simulations: 100,
    rounds: 2,
    scheme: "tsnpe",
    draws: 4,
    backend: "auto",
  },
  device: null,
  versions: {},
  startedAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  reason: null,
});

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-arguments-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  for (const name of ["taken", "foreign", "broken"]) await mkdir(join(cwd, name));
  await writeFile(join(cwd, "taken", "run.json"), manifest);
  await writeFile(join(cwd, "foreign", "thesis.tex"), "x");
  await writeFile(join(cwd, "broken", "run.json"), "{");
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const calibrate = (...args: string[]): string[] => ["calibrate", "--target-theta", theta, ...args];
const withTarget = (name: string): string[] => ["calibrate", "--target", name];

const isInstalled = (name: string): boolean => existsSync(new URL(`../../node_modules/${name}`, import.meta.url));

// exit code, arguments, what the message says
const table: readonly (readonly [number, readonly string[], RegExp])[] = [
  [2, ["calibrat"], /unknown command 'calibrat'/],
  [2, calibrate("--speed", "3"), /unknown option '--speed'/],
  [2, calibrate("--task", "adex9"), /task = adex9 is outside paper, adex7, lif, pattern/],
  [2, calibrate("--neuron", "512"), /--neuron = 512 is outside \[0, 511\]/],
  [2, calibrate("--neuron", "first"), /--neuron = first is outside \[0, 511\]/],
  [2, calibrate("--neuron", ""), /--neuron = {2}is outside \[0, 511\]/],
  [2, calibrate("--seed", "-1"), /--seed = -1 is outside \[0, 9007199254740991\]/],
  [2, calibrate("--simulations", "10"), /--simulations = 10 is outside \[\d+, 100000\]/],
  [2, calibrate("--rounds", "0"), /--rounds = 0 is outside \[1, 10\]/],
  [2, calibrate("--simulations", "60", "--rounds", "10"), /simulations per round .* is outside \d+ or more/],
  [2, calibrate("--scheme", "abc"), /--scheme = abc is outside \{npe, tsnpe, snpe-c\}/],
  [2, calibrate("--backend", "cuda"), /--backend = cuda is outside \{auto, tfjs-node, wasm, cpu\}/],
  [2, calibrate("--device", "gopher://x"), /gopher/],
  [2, calibrate("--device", ""), /--device/],
  [2, ["calibrate", "--target-theta", "v_reset=1023,i_bias_adapt_tau=1"], /v_reset = 1023 is outside \[0, 1022\]/],
  [2, ["calibrate", "--target-theta", "v_leak=1"], /v_leak is outside \{v_reset, i_bias_adapt_tau\}/],
  [2, ["calibrate", "--target-theta", "v_reset=1"], /i_bias_adapt_tau = nothing is outside \[0, 1022\]/],
  [2, ["calibrate"], /no target: give one of --target FILE, --target-pattern NAME, --target-theta .*, --demo-target/],
  [2, calibrate("--task", "shared.toml"), /scheme\.kind of task shared is amortised.*--neurons.*--scheme \{npe, tsnpe/],
  [2, calibrate("--simulations", "200000"), /--simulations = 200000 is outside \[40, 100000\]/],
  [
    2,
    ["calibrate", "--neurons", "0-3", "--demo-target", "--simulations", "60"],
    /--simulations = 60 is outside \[100, 1/,
  ],
  [2, calibrate("--demo-target"), /cannot be used with option/],
  [2, ["calibrate", "--resume", "taken", "--seed", "2"], /'--resume <DIR>' cannot be used with option '--seed <N>'/],
  [2, calibrate("--out", "taken"), /output folder taken holds another run; .*hxloop calibrate --resume taken/],
  [2, calibrate("--out", "foreign"), /output folder foreign is not empty \(it holds thesis\.tex\)/],
  [3, calibrate("--out", "unit.csv"), /cannot write unit\.csv/],
  ...(isInstalled("@tensorflow/tfjs-node")
    ? []
    : [[2, calibrate("--out", "none/a", "--backend", "tfjs-node"), /backend tfjs-node is not available/] as const]),
  ...(process.platform === "linux"
    ? [[3, calibrate("--out", "/proc/none/a"), /cannot write \/proc\/none\/a/] as const]
    : []),
  [3, ["calibrate", "--target-theta", "v_reset=1000,i_bias_adapt_tau=10", "--out", "none/b"], /never spikes/],
  [3, withTarget("absent.csv"), /cannot read target absent\.csv/],
  [3, withTarget("nan.csv"), /nan\.csv, line 62: membrane is "NaN"; legal: a number/],
  [3, withTarget("unit.csv"), /unit\.csv, line 1: header is .*membrane_mv.*; legal: time_us,membrane_v or/],
  [3, withTarget("short.csv"), /short\.csv: recorded stretch is -10\.\.500 us; legal: the whole protocol/],
  [3, withTarget("gap.csv"), /gap\.csv, line \d+: gap since the sample before is 100\.\d us; legal: at most/],
  [3, withTarget("high.csv"), /high\.csv, line 2: membrane is 1024 LSB; legal: 0\.\.1023 LSB/],
  [3, withTarget("empty.csv"), /empty\.csv: text is empty/],
  [3, ["calibrate", "--resume", "absent"], /absent is not a run folder/],
  [3, ["calibrate", "--resume", "broken"], /broken\/run\.json is not JSON/],
  [3, ["report", "absent"], /absent is not a run folder/],
  [
    3,
    ["report", "taken"],
    /no result to draw: run taken is unfinished: it was interrupted; go on with: hxloop calibrate --resume taken/,
  ],
  [2, ["report"], /missing required argument 'DIR'/],
  [2, ["doctor", "--device", "gopher://x"], /gopher/],
];

describe("bad input", () => {
  it.concurrent.each(table.filter(([, [command]]) => command !== "doctor"))(
    "exits with %d: hxloop %j",
    async (code, args, message) => {
      const { code: actual, stdout, stderr } = await hxloop(args, cwd);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^hxloop: /m);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stdout).toBe("");
      expect(actual).toBe(code);
    },
  );

  it("leaves no folder behind", () => {
    expect(existsSync(join(cwd, "runs"))).toBe(false);
    expect(existsSync(join(cwd, "absent"))).toBe(false);
    expect(existsSync(join(cwd, "none"))).toBe(false);
  });
});
