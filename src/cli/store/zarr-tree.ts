/**
 * Groups of arrays as Zarr v3, in memory: a map from relative path to bytes that the caller puts on disk, and back.
 * Every array names its codecs (`bytes` little-endian, `zstd`), its fill value and its dimensions, because readers
 * other than zarrita refuse what is left open. One chunk per array: arrays here are written once and read whole.
 * Source: Zarr v3 core specification (zarr-specs).
 */
import { FileSystemStore } from "@zarrita/storage";
import * as zarr from "zarrita";
import { RunFolderInvalid } from "./errors.js";

const dtypes = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
type Dtype = keyof typeof dtypes;
export type ArrayData = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** An array with its shape (row-major) and what its dimensions are called. */
export interface NamedArray {
  readonly data: ArrayData;
  readonly shape: readonly number[];
  readonly dimensions: readonly string[];
  /** Units, gains, meaning: what somebody needs who has only the file. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** A group: attributes, and arrays by name (may contain `/` for groups inside). */
export interface ArrayGroup {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

function dtypeOf(data: ArrayData): Dtype {
  for (const [name, type] of Object.entries(dtypes)) if (data instanceof type) return name as Dtype;
  throw new TypeError(`no Zarr data type for ${Object.prototype.toString.call(data)}`);
}

const codecs = [
  { name: "bytes", configuration: { endian: "little" } },
  // Level 3 takes 1.6 times as long for recordings that are 2 % smaller.
  { name: "zstd", configuration: { level: 2, checksum: false } },
];

/** The files of a group, by path relative to it. */
export async function encodeGroup(group: ArrayGroup): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const root = zarr.root(files);
  await zarr.create(root, { attributes: { ...group.attributes } });
  const inner = new Set(
    Object.keys(group.arrays).flatMap((name) => (name.includes("/") ? [name.slice(0, name.lastIndexOf("/"))] : [])),
  );
  for (const name of inner) await zarr.create(root.resolve(name), { attributes: {} });
  for (const [name, { data, shape, dimensions, attributes }] of Object.entries(group.arrays)) {
    const array = await zarr.create(root.resolve(name), {
      shape: [...shape],
      chunkShape: shape.map((length) => Math.max(1, length)),
      dtype: dtypeOf(data),
      codecs,
      fillValue: 0,
      dimensionNames: [...dimensions],
      attributes: { ...attributes },
    });
    // An empty array has no chunk. zarrita's `bytes` codec takes the whole buffer behind a view, hence the copy.
    if (data.length > 0) await zarr.set(array, null, { data: data.slice(), shape: [...shape], stride: strides(shape) });
  }
  return files;
}

function strides(shape: readonly number[]): number[] {
  const out: number[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    out.unshift(stride);
    stride *= shape[axis] ?? 1;
  }
  return out;
}

/** A group on disk, opened for reading. */
export class StoredGroup {
  readonly #location: zarr.Location<FileSystemStore>;
  readonly #path: string;
  readonly attributes: Readonly<Record<string, unknown>>;

  private constructor(path: string, location: zarr.Location<FileSystemStore>, attributes: Record<string, unknown>) {
    this.#path = path;
    this.#location = location;
    this.attributes = attributes;
  }

  /** @throws RunFolderInvalid when there is no group, or one that cannot be read */
  static async open(path: string): Promise<StoredGroup> {
    const location = zarr.root(new FileSystemStore(path));
    try {
      const group = await zarr.open.v3(location, { kind: "group" });
      return new StoredGroup(path, location, group.attrs);
    } catch (cause) {
      throw new RunFolderInvalid(`${path} is not a readable Zarr group`, { cause });
    }
  }

  has(name: string): Promise<boolean> {
    return this.#location.store.has(`/${name}/zarr.json`);
  }

  /**
   * Read a whole array of the type that the caller expects.
   * @throws RunFolderInvalid when it is absent, damaged, or of another type
   */
  async read<D extends Dtype>(
    name: string,
    dtype: D,
  ): Promise<{ data: InstanceType<(typeof dtypes)[D]>; shape: number[] }> {
    const found = await this.#chunk(name);
    if (!(found.data instanceof dtypes[dtype])) {
      throw new RunFolderInvalid(`${this.#path}/${name} holds ${found.dtype}, not ${dtype}`);
    }
    return { data: found.data as InstanceType<(typeof dtypes)[D]>, shape: found.shape };
  }

  async #chunk(name: string): Promise<{ data: unknown; shape: number[]; dtype: string }> {
    try {
      const array = await zarr.open.v3(this.#location.resolve(name), { kind: "array" });
      // An array of nothing has no chunk, and zarrita cannot read it.
      if (array.shape.includes(0)) {
        const { shape, dtype } = array;
        return { data: dtype in dtypes ? new dtypes[dtype as Dtype](0) : undefined, shape, dtype };
      }
      // A missing chunk reads as the fill value; here it can only mean that a file was lost.
      const chunk = `${array.path}/c${"/0".repeat(array.shape.length)}` as const;
      if (!(await array.store.has(chunk))) throw new Error(`chunk ${chunk} is missing`);
      const { data, shape } = await zarr.get(array);
      return { data, shape, dtype: array.dtype };
    } catch (cause) {
      throw new RunFolderInvalid(`array ${this.#path}/${name} cannot be read`, { cause });
    }
  }
}
