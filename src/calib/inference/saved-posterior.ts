/**
 * A trained posterior as bytes and back: safetensors (an 8-byte length, a JSON header, raw little-endian floats), which
 * other tools read too, with everything but the weights as JSON in its metadata. A version says who may load it. Knows no
 * file; the caller writes and reads. Source of the format: huggingface/safetensors, README "Format".
 */
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityShape } from "../flow/density-estimator.js";
import { Ensemble, type EnsembleState } from "./ensemble.js";
import { SavedPosteriorInvalid } from "./errors.js";
import type { FeatureDescription } from "./features.js";
import { LearntLikelihood } from "./likelihood.js";
import type { LinearGaussianDescription } from "./linear-gaussian.js";
import { PooledDensity } from "./pooled-density.js";
import { AmortisedPosterior } from "./posterior.js";
import { type PriorDescription, priorFrom } from "./priors/prior.js";

const format = "hxloop.posterior/2";
/** Files without a learnt likelihood were called so. */
const formats = [format, "hxloop.posterior/1"];

/** An ensemble without its weights. */
interface DescribedEnsemble {
  readonly features: FeatureDescription;
  readonly members: readonly { readonly shape: DensityShape; readonly linear: LinearGaussianDescription | null }[];
}

interface Described extends DescribedEnsemble {
  readonly format: string;
  readonly prior: PriorDescription;
  readonly likelihood?: DescribedEnsemble & { readonly data: FeatureDescription; readonly exponent: number };
}

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const describe = ({ features, members }: EnsembleState): DescribedEnsemble => ({
  features,
  members: members.map(({ density, linear }) => ({ shape: density.shape, linear })),
});

/** Bytes of a posterior, observation excluded. */
export function savePosterior({ prior, ensemble, pooled }: AmortisedPosterior): Uint8Array {
  const state = ensemble.state();
  const likelihood = pooled?.likelihood.state();
  const described: Described = {
    format,
    prior: prior.toJSON(),
    ...describe(state),
    ...(pooled === undefined || likelihood === undefined
      ? {}
      : { likelihood: { ...describe(likelihood.ensemble), data: likelihood.data, exponent: pooled.exponent } }),
  };
  const tensors = [
    ...state.members.map(({ density }, k) => ({ name: `member-${k}.weights`, weights: density.weights })),
    ...(likelihood?.ensemble.members ?? []).map(({ density }, k) => ({
      name: `likelihood-${k}.weights`,
      weights: density.weights,
    })),
  ];
  const header: Record<string, unknown> = { __metadata__: { posterior: JSON.stringify(described) } };
  let offset = 0;
  for (const { name, weights } of tensors) {
    const end = offset + 4 * weights.length;
    header[name] = { dtype: "F32", shape: [weights.length], data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The data begin on a multiple of 8; the header is filled up with spaces, as the format allows.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const { weights } of tensors) {
    for (const weight of weights) {
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
  if (!formats.includes(described.format)) {
    throw new SavedPosteriorInvalid(`it has format ${described.format}; this version reads ${formats.join(" and ")}`);
  }
  const weightsOf = (name: string): Float32Array => {
    const { dtype, data_offsets: offsets } = header[name] as TensorEntry;
    const [from, to] = offsets.map((o) => 8 + length + o) as [number, number];
    if (dtype !== "F32" || to > bytes.length || from > to) throw new Error(`${name} is cut off`);
    return Float32Array.from({ length: (to - from) / 4 }, (_, i) => view.getFloat32(from + 4 * i, true));
  };
  const stateOf = ({ features, members }: DescribedEnsemble, name: string): EnsembleState => ({
    features,
    members: members.map(({ shape, linear }, k) => ({
      density: { shape, weights: weightsOf(`${name}-${k}.weights`) },
      linear,
    })),
  });
  try {
    const prior = priorFrom(described.prior);
    const ensemble = Ensemble.from(kernels, stateOf(described, "member"));
    const { likelihood } = described;
    if (likelihood === undefined) return new AmortisedPosterior(prior, ensemble);
    const learnt = LearntLikelihood.from(kernels, {
      data: likelihood.data,
      ensemble: stateOf(likelihood, "likelihood"),
    });
    return new AmortisedPosterior(prior, ensemble, new PooledDensity(prior, ensemble, learnt, likelihood.exponent));
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
