/** The run folder: what goes in comes out, a crash leaves a batch whole or absent, one writer, no foreign folders. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunRequest } from "../../src/cli/store/manifest.js";
import { readManifest } from "../../src/cli/store/manifest.js";
import { countRecordings, RunFolder, readResult } from "../../src/cli/store/run-folder.js";
import { smallBatch, smallRunData } from "./run-data.js";

const request: RunRequest = {
  task: "paper",
  device: "virtual:?chip=1",
  neuron: 0,
  target: { kind: "theta", theta: { v_reset: 400, i_bias_adapt_tau: 500 } },
  seed: 1,
  simulations: 6,
  rounds: 2,
  scheme: "tsnpe",
  draws: 4,
  backend: "auto",
};
const quantities = { parameters: ["v_reset", "i_bias_adapt_tau"], scale: { voltPerLsb: 0.0015, offsetVolt: 0 } };
const versions = { hxloop: "0.0.0" };

let scratch = "";
let directory = "";
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "hxloop-run-"));
  directory = join(scratch, "run");
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const create = (): Promise<RunFolder> => RunFolder.create(directory, request, versions, quantities);
const resume = (): Promise<RunFolder> => RunFolder.resume(directory, versions, quantities);
const tag = (name: string): object => expect.objectContaining({ _tag: name });
const zarrJson = async (...path: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(directory, "data.zarr", ...path, "zarr.json"), "utf8"));

describe("a run folder", () => {
  it("gives batches back byte for byte, also to the process that resumes", async () => {
    const batch = smallBatch(3);
    const folder = await create();
    await folder.putBatch("round-1", 0, batch);
    expect(await folder.getBatch("round-1", 0)).toEqual(batch);
    expect(await folder.getBatch("round-1", 1)).toBeUndefined();
    await folder.close("interrupted", "Ctrl-C");
    const again = await resume();
    expect(await again.getBatch("round-1", 0)).toEqual(batch);
    await again.close("failed", "test");
  });

  it("keeps sample times whose steps are too large or run backwards", async () => {
    const theta = Int32Array.of(1, 2);
    const batch = [
      { theta, samples: Uint16Array.of(7, 8, 9), ticks: Int32Array.of(-9, 70_000, 60_000) },
      { theta, samples: Uint16Array.of(), ticks: Int32Array.of(), invalid: "no-samples" },
      { theta, samples: Uint16Array.of(1, 2), ticks: Int32Array.of(0, 65_536), invalid: "gap of 262.1 us at 0.0 us" },
    ];
    const folder = await create();
    await folder.putBatch("round-1", 0, batch);
    expect(await folder.getBatch("round-1", 0)).toEqual(batch);
    await folder.close("failed", "test");
  });

  it("keeps how far trainings are until the run is finished", async () => {
    const vector = (seed: number): Float32Array =>
      Float32Array.from({ length: 5 }, (_, i) => Math.fround(seed / (i + 3)));
    const kept = {
      isOver: false,
      state: {
        ...{ epoch: 2, step: 18, bestEpoch: 1, bestStep: 9, bestLoss: 1 / 3 },
        history: { train: [Math.PI, -1e-300], validation: [1 / 3, 2 / 3] },
        ...{ weights: vector(1), mean: vector(2), square: vector(3), average: vector(4), best: vector(5) },
      },
    };
    const none = new Float32Array(0);
    const over = { ...kept, isOver: true, state: { ...kept.state, weights: none, mean: none } };
    const folder = await create();
    await folder.putTraining("1-2-3", kept);
    await folder.putTraining("4-5-6", over);
    await folder.close("interrupted", "Ctrl-C");
    const again = await resume();
    expect(await again.getTraining("1-2-3")).toEqual(kept);
    expect(await again.getTraining("4-5-6")).toEqual(over);
    expect(await again.getTraining("7-8-9")).toBeUndefined();
    await again.close("finished");
    expect(existsSync(join(directory, "checkpoints"))).toBe(false);
  });

  it("gives the result back", async () => {
    const folder = await create();
    expect(await readResult(directory)).toBeUndefined();
    await folder.putResult(smallRunData());
    await folder.close("finished");
    expect(await readResult(directory)).toEqual(smallRunData());
    const csv = (await readFile(join(directory, "posterior.csv"), "utf8")).split("\n");
    expect(csv[0]).toBe("v_reset,i_bias_adapt_tau");
    expect(csv).toHaveLength(1 + 7 + 1);
  });

  it("keeps posterior, prior, predictive and observation as ArviZ lays them out", async () => {
    const folder = await create();
    await folder.putResult(smallRunData());
    await folder.close("finished");
    const array = async (...path: string[]): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(join(directory, "idata.zarr", ...path, "zarr.json"), "utf8"));
    for (const group of [[], ["posterior"], ["prior"], ["posterior_predictive"], ["observed_data"]]) {
      expect(await array(...group)).toMatchObject({ zarr_format: 3, node_type: "group" });
    }
    expect(await array("posterior", "v_reset")).toMatchObject({ shape: [1, 7], dimension_names: ["chain", "draw"] });
    expect(await array("prior", "i_bias_adapt_tau")).toMatchObject({ shape: [1, 5], data_type: "int32" });
    expect(await array("posterior", "draw")).toMatchObject({ shape: [7], dimension_names: ["draw"] });
    expect(await array("posterior_predictive", "membrane")).toMatchObject({
      shape: [1, 4, 8],
      dimension_names: ["chain", "draw", "time"],
    });
    expect(await array("observed_data", "membrane")).toMatchObject({ shape: [8], dimension_names: ["time"] });
  });

  it("writes Zarr v3 that leaves nothing for a reader to guess", async () => {
    const folder = await create();
    await folder.putBatch("round-1", 0, smallBatch(3));
    await folder.close("failed");
    for (const group of [[], ["batches"], ["batches", "round-1-0000"]]) {
      expect(await zarrJson(...group)).toMatchObject({ zarr_format: 3, node_type: "group" });
    }
    // Written out by hand from the Zarr v3 specification; zarr-python refuses a null fill value and absent codecs.
    expect(await zarrJson("batches", "round-1-0000", "samples")).toEqual({
      zarr_format: 3,
      node_type: "array",
      shape: [14],
      data_type: "uint16",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [14] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      codecs: [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "zstd", configuration: { level: 2, checksum: false } },
      ],
      fill_value: 0,
      dimension_names: ["sample"],
      attributes: expect.objectContaining({ units: "MADC LSB", scale_factor: 0.0015, add_offset: 0 }),
    });
    // The first four bytes of a Zstandard frame, little-endian 0xFD2FB528 (RFC 8878, 3.1.1).
    const chunk = await readFile(join(directory, "data.zarr", "batches", "round-1-0000", "samples", "c", "0"));
    expect([...chunk.subarray(0, 4)]).toEqual([0x28, 0xb5, 0x2f, 0xfd]);
  });

  it("keeps network weights as safetensors beside their description", async () => {
    const folder = await create();
    await folder.putNetwork({ name: "autoencoder", config: { latent: 2 }, weights: Float32Array.of(1, -2) });
    await folder.close("failed");
    const bytes = await readFile(join(directory, "networks", "autoencoder", "weights.safetensors"));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
      __metadata__: { name: "autoencoder" },
      weights: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
    const config = JSON.parse(await readFile(join(directory, "networks", "autoencoder", "config.json"), "utf8"));
    expect(config).toEqual({ name: "autoencoder", weights: 2, config: { latent: 2 } });
  });
});

describe("a crash", () => {
  it("before the rename leaves the batch absent, and the next process clears the rest", async () => {
    const folder = await create();
    await folder.putBatch("round-1", 0, smallBatch(1));
    await folder.close("interrupted");
    const half = join(directory, ".unfinished", "999-0");
    await mkdir(half, { recursive: true });
    await writeFile(join(half, "zarr.json"), "{");
    await writeFile(join(directory, ".unfinished", "999-1"), '{"schema":"hxl');
    const again = await resume();
    expect(await again.getBatch("round-1", 1)).toBeUndefined();
    expect(await countRecordings(directory)).toBe(3);
    expect(existsSync(half)).toBe(false);
    await again.close("failed");
  });

  it("leaves a run that is not finished, whatever run.json said last", async () => {
    await create();
    expect((await readManifest(directory)).state).toBe("running");
    await rm(join(directory, "run.lock"));
    const again = await resume();
    await again.close("interrupted", "Ctrl-C");
    expect(await readManifest(directory)).toMatchObject({ state: "interrupted", reason: "Ctrl-C" });
  });

  it("that lost a chunk is reported, not read as zeros", async () => {
    const folder = await create();
    await folder.putBatch("round-1", 0, smallBatch(1));
    await rm(join(directory, "data.zarr", "batches", "round-1-0000", "samples", "c"), { recursive: true });
    await expect(folder.getBatch("round-1", 0)).rejects.toEqual(tag("RunFolderInvalid"));
    await folder.close("failed");
  });
});

describe("one writer", () => {
  it("keeps a second one out until the first has closed", async () => {
    const folder = await create();
    await expect(resume()).rejects.toEqual(tag("RunFolderLocked"));
    await folder.close("interrupted");
    await (await resume()).close("interrupted");
  });

  it("takes over from a process that is gone, also when its number is in use again", async () => {
    const starts: (string | null)[] = process.platform === "linux" ? ["1", null] : [null];
    await (await create()).close("interrupted");
    for (const start of starts) {
      // A number beyond the largest that Linux gives (2^22), and this very process with another start time.
      const pid = start === null ? 2 ** 22 + 1 : process.pid;
      await writeFile(join(directory, "run.lock"), JSON.stringify({ pid, host: hostname(), start }));
      await (await resume()).close("interrupted");
    }
  });

  it("respects a lock of another machine", async () => {
    await (await create()).close("interrupted");
    await writeFile(join(directory, "run.lock"), JSON.stringify({ pid: 1, host: "elsewhere.example", start: null }));
    await expect(resume()).rejects.toEqual(tag("RunFolderLocked"));
  });
});

describe("a folder that is not ours", () => {
  it("is refused and left alone", async () => {
    await mkdir(directory);
    await writeFile(join(directory, "thesis.tex"), "x");
    await expect(create()).rejects.toEqual(tag("RunFolderTaken"));
    expect(await readdir(directory)).toEqual(["thesis.tex"]);
  });

  it("is refused when it holds another run, finished or not", async () => {
    await (await create()).close("interrupted");
    await expect(create()).rejects.toEqual(tag("RunFolderTaken"));
    await (await resume()).close("finished");
    await expect(create()).rejects.toEqual(tag("RunFolderTaken"));
    await expect(resume()).rejects.toEqual(tag("RunFolderTaken"));
  });

  it("is refused for resuming when run.json is damaged or absent", async () => {
    await mkdir(directory);
    await expect(resume()).rejects.toEqual(tag("RunFolderInvalid"));
    for (const text of ["{", "[]", '{"schema":"other/1"}']) {
      await writeFile(join(directory, "run.json"), text);
      await expect(resume()).rejects.toEqual(tag("RunFolderInvalid"));
    }
  });

  it("is refused when the device is another board", async () => {
    const folder = await create();
    const board = { url: "virtual:?chip=1", boardId: "0a", bitfileInfo: "" };
    await folder.setDevice(board);
    await folder.setDevice(board);
    await expect(folder.setDevice({ ...board, boardId: "0b" })).rejects.toEqual(tag("RunMismatch"));
    await folder.close("failed");
  });
});
