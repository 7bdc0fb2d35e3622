/**
 * Halves and quarters of the chip: hemispheres (top and bottom synapse array), neuron backend blocks (west and east)
 * and CapMem blocks (quadrants). Source: halco `hicann-dls/vx`.
 */
import { type CoordinateType, defineCoordinate } from "./coordinate.js";

/** Coordinate with a short name for each element. */
export function named<Name extends string>(name: Name, elements: readonly string[]): CoordinateType<Name> {
  return defineCoordinate({
    name,
    size: elements.length,
    format: (index) => elements[index] as string,
    parse: (text) => {
      const index = elements.indexOf(text);
      return index < 0 ? undefined : index;
    },
  });
}

/** Coordinate whose elements are a letter and the index, like `p3`. */
export function numbered<Name extends string>(name: Name, size: number, prefix: string): CoordinateType<Name> {
  return defineCoordinate({
    name,
    size,
    format: (index) => `${prefix}${index}`,
    parse: (text) => {
      const rest = text.startsWith(prefix) ? text.slice(prefix.length) : "";
      return /^\d+$/.test(rest) ? Number(rest) : undefined;
    },
  });
}

/** 0 top, 1 bottom: half of the chip with its synapse array, CADC, PADI bus and on-chip processor. */
export const HemisphereOnDls = named("HemisphereOnDls", ["top", "bottom"]);

/** 0 west (neuron columns 0..127), 1 east (columns 128..255). */
export const NeuronBackendBlockOnDls = named("NeuronBackendBlockOnDls", ["west", "east"]);

/** Quadrant: 0 top west, 1 top east, 2 bottom west, 3 bottom east. */
export const CapMemBlockOnDls = numbered("CapMemBlockOnDls", 4, "b");
