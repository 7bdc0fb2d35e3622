/** Target files through the loader of the command line; the NWB file is written here, as its specification lays it out. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskByName } from "../../src/calib/task/tasks.js";
import { readTarget } from "../../src/cli/target-files.js";

const task = taskByName("adex7");
const h5wasm = await import("h5wasm/node").catch(() => undefined);
if (h5wasm === undefined) console.warn("h5wasm is not installed: NWB files are not tested");

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-targets-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const rate = 20_000;
/** Membrane in mV and current in pA of a sweep: 0.2 s rest, 0.6 s step, 0.4 s rest; spikes every 20 ms in the step. */
function sweep(amplitude: number): { mv: Float32Array; pa: Float32Array } {
  const n = 1.2 * rate;
  const isOn = (i: number): boolean => i >= 0.2 * rate && i < 0.8 * rate;
  return {
    mv: Float32Array.from({ length: n }, (_, i) => (isOn(i) ? (i % 400 < 30 ? 20 : -52) : -68)),
    pa: Float32Array.from({ length: n }, (_, i) => (isOn(i) ? amplitude : 0)),
  };
}

describe.skipIf(h5wasm === undefined)("a current-clamp sweep in an NWB file", () => {
  beforeAll(async () => {
    if (h5wasm === undefined) return;
    await h5wasm.ready;
    const file = new h5wasm.File(join(cwd, "cell.nwb"), "w");
    for (const folder of ["/acquisition", "/stimulus", "/stimulus/presentation"]) file.create_group(folder);
    const put = (
      folder: string,
      name: string,
      type: string,
      data: Float32Array,
      unit: string,
      factor: number,
    ): void => {
      const group = file.create_group(`${folder}/${name}`);
      group.create_attribute("neurodata_type", type);
      group.create_attribute("sweep_number", Number(name.slice(-1)));
      const samples = group.create_dataset({ name: "data", data });
      samples.create_attribute("unit", unit);
      samples.create_attribute("conversion", factor);
      const start = group.create_dataset({ name: "starting_time", data: [12.5], shape: [] });
      start.create_attribute("rate", rate);
    };
    for (const [i, amplitude] of [50, 150].entries()) {
      const { mv, pa } = sweep(amplitude);
      put("/acquisition", `vm_${i + 4}`, "CurrentClampSeries", mv, "volts", 1e-3);
      put("/stimulus/presentation", `im_${i + 4}`, "CurrentClampStimulusSeries", pa, "amperes", 1e-12);
    }
    file.close();
  });

  it("becomes a target whose step lies where the task has it", async () => {
    const target = await readTarget(join(cwd, "cell.nwb"), { sweep: "5" }, task);
    const at = (us: number): number => target.values[target.timeUs.findIndex((t) => t >= us)] as number;
    expect(target.source).toBe("cell.nwb vm_5");
    expect(at(99)).toBeCloseTo(0.65, 6);
    // 16 mV above rest, on the scale of ten.
    expect(at(109)).toBeCloseTo(0.81, 6);
    expect(at(697)).toBeCloseTo(0.81, 6);
    expect(at(702)).toBeCloseTo(0.65, 6);
    expect(target.notes?.[0]).toMatch(/time divided by 1000 from 12\.6/);
  });

  it("must be named when there are several, and be there", async () => {
    await expect(readTarget(join(cwd, "cell.nwb"), {}, task)).rejects.toMatchObject({
      _tag: "UsageError",
      message: expect.stringMatching(/--sweep is missing; the file holds vm_4 \(sweep 4\), vm_5 \(sweep 5\)/),
    });
    await expect(readTarget(join(cwd, "cell.nwb"), { sweep: "9" }, task)).rejects.toThrow(/--sweep 9/);
  });

  it("is refused when the file is none", async () => {
    await writeFile(join(cwd, "text.nwb"), "not HDF5");
    await expect(readTarget(join(cwd, "text.nwb"), {}, task)).rejects.toMatchObject({ _tag: "FileUnreadable" });
    await expect(readTarget(join(cwd, "none.nwb"), {}, task)).rejects.toThrow(/ENOENT/);
  });
});

describe("a WAV file", () => {
  it("needs its volts", async () => {
    await writeFile(join(cwd, "cell.wav"), "RIFF");
    await expect(readTarget(join(cwd, "cell.wav"), {}, task)).rejects.toMatchObject({ _tag: "UsageError" });
    await expect(readTarget(join(cwd, "cell.wav"), { fullScale: 0.1 }, task)).rejects.toMatchObject({
      _tag: "TargetInvalid",
    });
  });
});
