/** The state of a training as a Zarr group: vectors as arrays, numbers as attributes. */
import { z } from "zod";
import type { KeptTraining } from "../../calib/flow/checkpointed-training.js";
import { RunFolderInvalid } from "./errors.js";
import type { ArrayGroup, NamedArray, StoredGroup } from "./zarr-tree.js";

const numbers = z.object({
  schema: z.literal("hxloop.training/1"),
  isOver: z.boolean(),
  epoch: z.int().min(0),
  step: z.int().min(0),
  bestEpoch: z.int().min(0),
  bestStep: z.int().min(0),
  bestLoss: z.number(),
});
const vectors = ["weights", "mean", "square", "average", "best"] as const;

export function trainingToGroup({ state, isOver }: KeptTraining): ArrayGroup {
  const { epoch, step, bestEpoch, bestStep, bestLoss, history } = state;
  const line = (data: NamedArray["data"], dimension: string): NamedArray => {
    return { data, shape: [data.length], dimensions: [dimension] };
  };
  return {
    attributes: { schema: "hxloop.training/1", isOver, epoch, step, bestEpoch, bestStep, bestLoss },
    arrays: {
      ...Object.fromEntries(vectors.map((name) => [name, line(state[name], "weight")])),
      train_loss: line(Float64Array.from(history.train), "epoch"),
      validation_loss: line(Float64Array.from(history.validation), "epoch"),
    },
  };
}

/** @throws RunFolderInvalid */
export async function groupToTraining(group: StoredGroup, path: string): Promise<KeptTraining> {
  const parsed = numbers.safeParse(group.attributes);
  if (!parsed.success) throw new RunFolderInvalid(`${path} is not the state of a training`);
  const { isOver, epoch, step, bestEpoch, bestStep, bestLoss } = parsed.data;
  const vector = async (name: (typeof vectors)[number]): Promise<Float32Array> =>
    (await group.read(name, "float32")).data;
  const losses = async (name: string): Promise<number[]> => [...(await group.read(name, "float64")).data];
  const state = {
    ...{ epoch, step, bestEpoch, bestStep, bestLoss },
    history: { train: await losses("train_loss"), validation: await losses("validation_loss") },
    weights: await vector("weights"),
    mean: await vector("mean"),
    square: await vector("square"),
    average: await vector("average"),
    best: await vector("best"),
  };
  return { state, isOver };
}
