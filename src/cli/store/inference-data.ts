/**
 * A result in the layout of ArviZ's InferenceData (schema 0.0.5): groups `posterior`, `prior`, `posterior_predictive` and
 * `observed_data`, one variable per parameter, dimensions `chain` and `draw` first, coordinates as variables of their
 * own name. docs/run-folder.md says how ArviZ opens it.
 */
import type { RunData, TraceSet } from "../../calib/run-data.js";
import type { ArrayGroup, NamedArray } from "./zarr-tree.js";

const codeUnits = { units: "CapMem LSB" };
const traceUnits = { units: "MADC LSB" };

function coordinate(name: string, data: Int32Array | Float64Array, units?: string): NamedArray {
  return { data, shape: [data.length], dimensions: [name], ...(units === undefined ? {} : { attributes: { units } }) };
}

const indices = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i);

/** One variable per parameter, shape (1 chain, count draws). @param theta shape (count, parameters), row-major */
function draws(group: string, names: readonly string[], theta: Int32Array): Record<string, NamedArray> {
  const width = names.length;
  const count = theta.length / width;
  const arrays: Record<string, NamedArray> = {
    [`${group}/chain`]: coordinate("chain", indices(1)),
    [`${group}/draw`]: coordinate("draw", indices(count)),
  };
  for (const [j, name] of names.entries()) {
    arrays[`${group}/${name}`] = {
      data: theta.filter((_, i) => i % width === j),
      shape: [1, count],
      dimensions: ["chain", "draw"],
      attributes: codeUnits,
    };
  }
  return arrays;
}

function times({ grid }: TraceSet): Float64Array {
  return Float64Array.from({ length: grid.length }, (_, i) => grid.startUs + i * grid.stepUs);
}

export function inferenceData(data: RunData): ArrayGroup {
  const names = data.parameters.map(({ name }) => name);
  const { draws: emulated, target, dataSet, posterior, facts } = data;
  const time = coordinate("time", times(emulated), "us");
  const predictive = "posterior_predictive";
  return {
    attributes: { inference_library: "hxloop", inference_library_version: facts.versions.hxloop ?? "" },
    arrays: {
      ...draws("posterior", names, posterior.samples),
      ...draws("prior", names, dataSet.theta),
      [`${predictive}/chain`]: coordinate("chain", indices(1)),
      [`${predictive}/draw`]: coordinate("draw", indices(emulated.count)),
      [`${predictive}/time`]: time,
      [`${predictive}/membrane`]: {
        data: emulated.traces,
        shape: [1, emulated.count, emulated.grid.length],
        dimensions: ["chain", "draw", "time"],
        attributes: traceUnits,
      },
      "observed_data/time": time,
      "observed_data/membrane": {
        data: target.trace,
        shape: [target.trace.length],
        dimensions: ["time"],
        attributes: traceUnits,
      },
    },
  };
}
