/**
 * A trained posterior as bytes and back: safetensors (an 8-byte length, a JSON header, raw little-endian floats), which
 * other tools read too, with everything but the weights as JSON in its metadata. A version says who may load it. Knows no
 * file; the caller writes and reads. Source of the format: huggingface/safetensors, README "Format".
 */
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityShape } from "../flow/density-estimator.js";
import { Ensemble, type EnsembleState } from "./ensemble.js";
import { SavedPosteriorInvalid } from "./errors.js";
import type { LinearGaussianDescription } from "./linear-gaussian.js";
import { AmortisedPosterior } from "./posterior.js";
import { type PriorDescription, priorFrom } from "./priors/prior.js";

const format = "hxloop.posterior/1";

interface Described {
  readonly format: string;
  readonly prior: PriorDescription;
  readonly features: EnsembleState["features"];
  readonly members: readonly { readonly shape: DensityShape; readonly linear: LinearGaussianDescription | null }[];
}

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes of a posterior, observation excluded. */
export function savePosterior({ prior, ensemble }: AmortisedPosterior): Uint8Array {
  const { features, members } = ensemble.state();
  const described: Described = {
    format,
    prior: prior.toJSON(),
    features,
    members: members.map(({ density, linear }) => ({ shape: density.shape, linear })),
  };
  const header: Record<string, unknown> = { __metadata__: { posterior: JSON.stringify(described) } };
  let offset = 0;
  members.forEach(({ density }, k) => {
    const end = offset + 4 * density.weights.length;
    header[`member-${k}.weights`] = { dtype: "F32", shape: [density.weights.length], data_offsets: [offset, end] };
    offset = end;
  });
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The data begin on a multiple of 8; the header is filled up with spaces, as the format allows.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const { density } of members) {
    for (const weight of density.weights) {
      view.setFloat32(at, weight, true);
      at += 4;
    }
  }
  return bytes;
}

/** @throws SavedPosteriorInvalid saying what is wrong */
export function loadPosterior(bytes: Uint8Array, kernels: Kernels): AmortisedPosterior {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? -1 : Number(view.getBigUint64(0, true));
  if (length < 0 || 8 + length > bytes.length)
    throw new SavedPosteriorInvalid("the file is cut off, or no safetensors");
  const { header, described } = parsed(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  if (described.format !== format) {
    throw new SavedPosteriorInvalid(`it has format ${described.format}; this version reads ${format}`);
  }
  try {
    const members = described.members.map(({ shape, linear }, k) => {
      const { dtype, data_offsets: offsets } = header[`member-${k}.weights`] as TensorEntry;
      const [from, to] = offsets.map((o) => 8 + length + o) as [number, number];
      if (dtype !== "F32" || to > bytes.length || from > to) throw new Error(`weights of member ${k} are cut off`);
      const weights = Float32Array.from({ length: (to - from) / 4 }, (_, i) => view.getFloat32(from + 4 * i, true));
      return { density: { shape, weights }, linear };
    });
    return new AmortisedPosterior(
      priorFrom(described.prior),
      Ensemble.from(kernels, { features: described.features, members }),
    );
  } catch (cause) {
    throw new SavedPosteriorInvalid((cause as Error).message, { cause });
  }
}

function parsed(text: string): { header: Record<string, unknown>; described: Described } {
  try {
    const header = JSON.parse(text) as Record<string, unknown>;
    const { posterior } = (header.__metadata__ ?? {}) as { posterior?: string };
    if (posterior === undefined) throw new Error("it holds tensors, but no posterior");
    return { header, described: JSON.parse(posterior) as Described };
  } catch (cause) {
    throw new SavedPosteriorInvalid((cause as Error).message, { cause });
  }
}
