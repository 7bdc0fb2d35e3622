/**
 * Sampled traces in RIFF WAVE files: integer PCM of 8, 16, 24 or 32 bits and floats of 32 or 64, first channel. Samples
 * come out as shares of full scale. Bytes in, numbers out. Source: IBM/Microsoft RIFF multimedia data, WAVE chapter.
 */
import { TargetInvalid } from "../errors.js";

export interface WavTrace {
  readonly rateHz: number;
  /** -1..1 of full scale for integers, as it is for floats. */
  readonly samples: Float64Array;
}

const pcm = 1;
const float = 3;
const extensible = 0xfffe;

type Getter = (view: DataView, at: number) => number;
const integers: Readonly<Record<number, Getter>> = {
  8: (view, at) => (view.getUint8(at) - 128) / 128,
  16: (view, at) => view.getInt16(at, true) / 2 ** 15,
  24: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
  32: (view, at) => view.getInt32(at, true) / 2 ** 31,
};
const floats: Readonly<Record<number, Getter>> = {
  32: (view, at) => view.getFloat32(at, true),
  64: (view, at) => view.getFloat64(at, true),
};

/** @param source the file's name, for messages @throws TargetInvalid */
export function parseWav(bytes: Uint8Array, source: string): WavTrace {
  const fail = (object: string, value: string, legal: string): never => {
    throw new TargetInvalid(source, undefined, object, value, legal);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number): string => new TextDecoder("latin1").decode(bytes.subarray(at, at + 4));
  if (bytes.length < 12 || name(0) !== "RIFF" || name(8) !== "WAVE")
    fail("beginning", "no RIFF WAVE header", "a WAVE file");
  let get: Getter | undefined;
  let [rateHz, frameBytes] = [0, 0];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name(at) === "fmt " && length >= 16 && body + length <= bytes.length) {
      const tag = view.getUint16(body, true);
      const kind = tag === extensible && length >= 26 ? view.getUint16(body + 24, true) : tag;
      const bits = view.getUint16(body + 14, true);
      rateHz = view.getUint32(body + 4, true);
      frameBytes = view.getUint16(body + 12, true);
      get = kind === pcm ? integers[bits] : kind === float ? floats[bits] : undefined;
      if (get === undefined || rateHz === 0 || frameBytes < bits / 8) {
        fail("format", `code ${kind}, ${bits} bits, ${rateHz} Hz`, "PCM of 8, 16, 24, 32 bits or float of 32, 64");
      }
    }
    if (name(at) === "data" && get !== undefined) {
      const usable = Math.min(length, bytes.length - body);
      const read = get;
      const samples = Float64Array.from({ length: Math.floor(usable / frameBytes) }, (_, i) =>
        read(view, body + i * frameBytes),
      );
      return { rateHz, samples };
    }
    at = body + length + (length % 2);
  }
  return fail("chunks", "no data after a format", "a `fmt ` and a `data` chunk");
}
