/**
 * Arrays of numpy's NPY format, versions 1 to 3: numbers of real types in C or Fortran order. Bytes in, numbers out.
 * Source: numpy `numpy.lib.format`.
 */
import { TargetInvalid } from "../errors.js";

export interface NpyArray {
  readonly shape: readonly number[];
  /** In C order. */
  readonly data: Float64Array;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
type Getter = (view: DataView, at: number, little: boolean) => number;
const getters: Readonly<Record<string, readonly [bytes: number, get: Getter]>> = {
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
};

/** @param source the file's name, for messages @throws TargetInvalid */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  const fail = (object: string, value: string, legal: string): never => {
    throw new TargetInvalid(source, undefined, object, value, legal);
  };
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    fail("beginning", "no NPY signature", "a file as numpy.save writes it");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLong = (bytes[6] as number) >= 2;
  const from = isLong ? 12 : 10;
  const headerLength = isLong && bytes.length >= 12 ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(from, from + headerLength));
  const descr = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(header);
  const shapeText = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const type = descr?.[2] === undefined ? undefined : getters[descr[2]];
  if (type === undefined)
    return fail("data type", header.trim().slice(0, 60), `one of ${Object.keys(getters).join(", ")}`);
  if (shapeText === undefined) return fail("shape", "not stated", "a tuple");
  const shape = shapeText
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const count = shape.reduce((product, length) => product * length, 1);
  const [size, get] = type;
  const start = from + headerLength;
  if (bytes.length < start + size * count) {
    fail("length", `${bytes.length} bytes`, `${start + size * count} for shape (${shape.join(", ")})`);
  }
  const little = descr?.[1] !== ">";
  const stored = Float64Array.from({ length: count }, (_, i) => get(view, start + size * i, little));
  const isFortran = /'fortran_order':\s*True/.test(header) && shape.length === 2;
  if (!isFortran) return { shape, data: stored };
  const [rows = 0, columns = 0] = shape;
  return { shape, data: stored.map((_, i) => stored[(i % columns) * rows + Math.floor(i / columns)] as number) };
}

/**
 * Times and values of an array of shape (n), with a rate, or (n, 2) or (2, n), time first.
 * @param rateHz samples per second; needed for shape (n) @throws TargetInvalid
 */
export function samplesOfNpy(
  { shape, data }: NpyArray,
  source: string,
  rateHz: number | undefined,
): { seconds: Float64Array; values: Float64Array } {
  const [rows = 0, columns = 0] = shape;
  if (shape.length === 1) {
    if (rateHz === undefined) {
      throw new TargetInvalid(
        source,
        undefined,
        "sampling rate",
        "missing",
        "--target-rate HZ for an array without times",
      );
    }
    return { seconds: data.map((_, i) => i / rateHz), values: data };
  }
  if (shape.length === 2 && columns === 2) {
    return { seconds: data.filter((_, i) => i % 2 === 0), values: data.filter((_, i) => i % 2 === 1) };
  }
  if (shape.length === 2 && rows === 2) return { seconds: data.slice(0, columns), values: data.slice(columns) };
  throw new TargetInvalid(
    source,
    undefined,
    "shape",
    `(${shape.join(", ")})`,
    "(n), (n, 2) or (2, n), times in seconds first",
  );
}
