/**
 * Tensors in the safetensors format: the length of a JSON header in 8 bytes, the header, the data end to end, all
 * little-endian. Source: huggingface/safetensors, README, "Format".
 */

export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** @param metadata text by key, kept under `__metadata__` */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { data, shape }] of Object.entries(tensors)) {
    const begin = end;
    end += 4 * data.length;
    header[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
  }
  const json = JSON.stringify(header);
  // Spaces after the header let the data begin at a multiple of 8 bytes.
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(8 + text.length + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const { data } of Object.values(tensors)) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}
