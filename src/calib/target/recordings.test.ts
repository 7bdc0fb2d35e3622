/** Recordings of other worlds: their files, and their way onto the chip's time and scale. */
import { describe, expect, it } from "vitest";
import { traceRules } from "../task/task.js";
import { taskByName } from "../task/tasks.js";
import { parseRecordingCsv, parseTargetCsv, targetCsv } from "./csv.js";
import { parseNpy, samplesOfNpy } from "./npy.js";
import { mapRecording, type SampledRecording } from "./sampled.js";
import { parseWav } from "./wav.js";

const task = taskByName("paper");
const biology = { speedUp: 1000, voltScale: 10 };

/** 1.1 s at 10 kHz: -70 mV, during the step from 0.15 s to 0.75 s -55 mV, with spikes to +30 mV. */
function cell(step?: SampledRecording["step"]): SampledRecording {
  const seconds = Float64Array.from({ length: 11_000 }, (_, i) => i / 10_000);
  const volts = seconds.map((s, i) => (s < 0.15 || s >= 0.75 ? -0.07 : i % 500 < 10 ? 0.03 : -0.055));
  return { source: "cell", seconds, volts, ...(step === undefined ? {} : { step }) };
}

describe("a recording of a biological neuron", () => {
  it("comes onto the chip's time and scale, its step where the task has it", () => {
    const target = mapRecording(cell({ onS: 0.15, offS: 0.75 }), biology, task);
    // The protocol starts 100 us, in biology 100 ms, before the step: at 50 ms.
    const at = (us: number): number => target.values[target.timeUs.findIndex((t) => t >= us)] as number;
    expect(target.timeUs[0]).toBeLessThanOrEqual(0);
    expect(target.timeUs.at(-1)).toBeGreaterThanOrEqual(1000);
    // Rest at 0.65 V, 15 mV above it at 0.8 V, spikes cut off at full scale, 1023 counts of 1.2 V / 1024.
    expect(at(50)).toBeCloseTo(0.65, 9);
    expect(at(160)).toBeCloseTo(0.8, 9);
    expect(Math.max(...target.values)).toBeCloseTo((1023 * 1.2) / 1024, 9);
    expect(target.notes?.[0]).toMatch(/time divided by 1000 from 0\.05\d* s on; volts times 10 plus 1\.3500 V/);
    expect(target.notes?.[1]).toMatch(/1\.2 % .*cut off/);
    expect(target.notes).toHaveLength(2);
  });

  it("says that its step is not as long as the task's", () => {
    const target = mapRecording(cell({ onS: 0.15, offS: 0.55 }), biology, task);
    expect(target.notes?.at(-1)).toMatch(/lasts 400\.0 us of chip time, that of task paper 600 us/);
  });

  it("starts where it is told to, with the scale that it is given", () => {
    const target = mapRecording(cell(), { ...biology, voltScale: 5, voltOffset: 1, startS: 0.09 }, task);
    const at = (us: number): number => target.values[target.timeUs.findIndex((t) => t >= us)] as number;
    expect(at(10)).toBeCloseTo(1 - 0.35, 9);
    expect(at(65)).toBeCloseTo(1 - 0.275, 9);
  });

  it("is refused when it is too short", () => {
    expect(() => mapRecording(cell(), { ...biology, startS: 0.5 }, task)).toThrow(
      /recorded stretch is .* legal: 0\.5000\.\.1\.500 s/,
    );
  });

  it("is kept with its notes, value by value", () => {
    const target = mapRecording(cell({ onS: 0.15, offS: 0.75 }), biology, task);
    expect(parseTargetCsv(targetCsv(target), "cell", traceRules(task))).toEqual(target);
  });

  it("is read from CSV in its own units", () => {
    const read = parseRecordingCsv('"time_ms","membrane_mV"\n0,-70\n0.5,-65.5\n', "cell.csv");
    expect([...read.seconds]).toEqual([0, 0.5 * 1e-3]);
    expect(read.volts[1]).toBeCloseTo(-0.0655, 12);
    expect(() => parseRecordingCsv("time_ms,mv\n0,1\n0,1", "x")).toThrow(/line 3: time is 0; legal: above/);
    expect(() => parseTargetCsv("time_ms,mv\n0,1", "x", traceRules(task))).toThrow(/--biological/);
    expect(() => parseTargetCsv("time_us;v\n0;1", "x", traceRules(task))).toThrow(/parted by commas/);
  });
});

/** A file of numpy.save as its format says: signature, version 1.0, length of the header, header, data. */
function npy(header: string, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(`${header.padEnd(117, " ")}\n`);
  return Uint8Array.from(
    [0x93, ..."NUMPY"]
      .map((c) => (typeof c === "string" ? c.charCodeAt(0) : c))
      .concat(1, 0, text.length, 0, ...text, ...data),
  );
}
const bytesOf = (array: Float64Array | Int16Array | Float32Array): Uint8Array => new Uint8Array(array.buffer);

describe("NPY", () => {
  it("gives doubles, small integers, either byte order and either memory order", () => {
    const doubles = npy(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
      bytesOf(Float64Array.of(1.5, -2, 3)),
    );
    expect(parseNpy(doubles, "a.npy")).toEqual({ shape: [3], data: Float64Array.of(1.5, -2, 3) });
    const big = npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", Uint8Array.of(0xff, 0xfe, 0x01, 0x00));
    expect([...parseNpy(big, "b.npy").data]).toEqual([-2, 256]);
    const fortran = npy(
      "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
      bytesOf(Float32Array.of(1, 4, 2, 5, 3, 6)),
    );
    expect([...parseNpy(fortran, "c.npy").data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is times and values in two columns or rows, or values with a rate", () => {
    const pair = { seconds: Float64Array.of(0, 1, 2), values: Float64Array.of(7, 8, 9) };
    expect(samplesOfNpy({ shape: [3, 2], data: Float64Array.of(0, 7, 1, 8, 2, 9) }, "a", undefined)).toEqual(pair);
    expect(samplesOfNpy({ shape: [2, 3], data: Float64Array.of(0, 1, 2, 7, 8, 9) }, "a", undefined)).toEqual(pair);
    expect(samplesOfNpy({ shape: [3], data: Float64Array.of(7, 8, 9) }, "a", 2).seconds).toEqual(
      Float64Array.of(0, 0.5, 1),
    );
    expect(() => samplesOfNpy({ shape: [3], data: new Float64Array(3) }, "a", undefined)).toThrow(/--target-rate/);
    expect(() => samplesOfNpy({ shape: [3, 3], data: new Float64Array(9) }, "a", 1)).toThrow(/shape is \(3, 3\)/);
  });

  it.each([
    ["nothing", new Uint8Array(0), /signature/],
    ["objects", npy("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", new Uint8Array(24)), /data type/],
    ["a cut end", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", new Uint8Array(8)), /152 for shape/],
  ])("is refused: %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "x.npy")).toThrow(message);
  });
});

/** A WAVE file after its specification, with a chunk that nobody needs before the data. */
function wav(code: number, bits: number, channels: number, data: readonly number[]): Uint8Array {
  const frame = (channels * bits) / 8;
  const u16 = (n: number): number[] => [n & 255, n >> 8];
  const u32 = (n: number): number[] => [...u16(n & 0xffff), ...u16(n >>> 16)];
  const ascii = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));
  const format = [...u16(code), ...u16(channels), ...u32(8000), ...u32(8000 * frame), ...u16(frame), ...u16(bits)];
  const chunks = [
    ...ascii("fmt "),
    ...u32(16),
    ...format,
    ...ascii("LIST"),
    ...u32(3),
    1,
    2,
    3,
    0,
    ...ascii("data"),
    ...u32(data.length),
    ...data,
  ];
  return Uint8Array.from([...ascii("RIFF"), ...u32(4 + chunks.length), ...ascii("WAVE"), ...chunks]);
}

describe("WAV", () => {
  it("gives the first channel as a share of full scale", () => {
    expect(parseWav(wav(1, 16, 2, [0x00, 0x40, 9, 9, 0x00, 0x80, 9, 9]), "a.wav")).toEqual({
      rateHz: 8000,
      samples: Float64Array.of(0.5, -1),
    });
    expect([...parseWav(wav(1, 8, 1, [128, 192, 0]), "a.wav").samples]).toEqual([0, 0.5, -1]);
    expect([...parseWav(wav(1, 24, 1, [0, 0, 0xc0]), "a.wav").samples]).toEqual([-0.5]);
    expect([...parseWav(wav(3, 32, 1, [...bytesOf(Float32Array.of(0.25, -3))]), "a.wav").samples]).toEqual([0.25, -3]);
  });

  it.each([
    ["another file", new Uint8Array(40), /RIFF/],
    ["a compressed one", wav(2, 4, 1, [1]), /format is code 2/],
    ["one without data", wav(1, 16, 1, []).slice(0, 36), /chunks/],
  ])("is refused: %s", (_, bytes, message) => {
    expect(() => parseWav(bytes, "x.wav")).toThrow(message);
  });
});
