/** Traces that a study has recorded, kept in its folder: a study that is interrupted and begun again goes on with them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TraceCache } from "../../calib/amortised/population.js";
import { DurableFiles } from "../store/durable-files.js";
import { RunFolderInvalid } from "../store/errors.js";
import { encodeGroup, StoredGroup } from "../store/zarr-tree.js";

const schema = "hxloop.traces/1";

/** A cache in a folder; what was recorded with other codes than are asked for is recorded again. */
export function traceCache(folder: string): TraceCache {
  const files = new DurableFiles(join(folder, ".unfinished"));
  const pathOf = (key: string): string => join(folder, "traces", ...key.split("/").map(fileName));
  return {
    async get(key, theta) {
      const path = pathOf(key);
      if (!existsSync(join(path, "zarr.json"))) return undefined;
      const group = await StoredGroup.open(path);
      if (group.attributes.schema !== schema) throw new RunFolderInvalid(`${path} holds no traces`);
      const kept = await group.read("theta", "int32");
      if (kept.data.length !== theta.length || !kept.data.every((code, i) => code === theta[i])) return undefined;
      const traces = await group.read("traces", "float32");
      const reasons = group.attributes.reasons as Readonly<Record<string, string>>;
      return { traces: traces.data, reasons: Array.from({ length: kept.shape[0] ?? 0 }, (_, i) => reasons[i]) };
    },
    async put(key, theta, { traces, reasons }) {
      const count = reasons.length;
      const why = Object.fromEntries(reasons.flatMap((reason, i) => (reason === undefined ? [] : [[i, reason]])));
      const group = {
        attributes: { schema, reasons: why },
        arrays: {
          theta: { data: theta, shape: [count, theta.length / count], dimensions: ["recording", "parameter"] },
          traces: {
            data: traces,
            shape: [count, traces.length / count],
            dimensions: ["recording", "time"],
            attributes: { units: "MADC LSB", long_name: "membrane on the task's grid" },
          },
        },
      };
      await files.putFolder(pathOf(key), await encodeGroup(group));
    },
  };
}

/** Names of chips are URLs. */
const fileName = (part: string): string => part.replace(/[^\w.-]+/g, "_");
