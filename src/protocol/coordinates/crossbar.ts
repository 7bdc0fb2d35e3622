/**
 * The event crossbar: 20 inputs, 12 outputs, and the 76 of their crossings that exist.
 * Source: halco `hicann-dls/vx/routing_crossbar.cpp`.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { type Coordinate, defineCoordinate } from "./coordinate.js";
import { numbered } from "./hemisphere.js";

/** 0..7 neuron event outputs, 8..11 lanes from the host, 12..19 background sources. */
export const CrossbarInputOnDls = numbered("CrossbarInputOnDls", 20, "i");
/** 0..3 PADI buses top, 4..7 PADI buses bottom, 8..11 lanes to the host. */
export const CrossbarOutputOnDls = numbered("CrossbarOutputOnDls", 12, "o");

/** Outputs that an input reaches, ascending. */
function outputsOf(input: number): readonly number[] {
  if (input < 8) return [input % 4, 4 + (input % 4), 8 + (input % 4)];
  if (input < 12) return [0, 1, 2, 3, 4, 5, 6, 7, input];
  if (input < 16) return [input - 12, input - 4];
  return [input - 12, input - 8];
}

/** (output, input) of every node, in the order of the node numbers: by input, then by output. */
const nodes: readonly { readonly output: number; readonly input: number }[] = Array.from({ length: 20 }, (_, input) =>
  outputsOf(input).map((output) => ({ output, input })),
).flat();

export const CrossbarNodeOnDls = defineCoordinate({
  name: "CrossbarNodeOnDls",
  size: nodes.length,
  format: (index) => `o${nodes[index]?.output}.i${nodes[index]?.input}`,
  parse: (text) => {
    const match = /^o(\d+)\.i(\d+)$/.exec(text);
    const index = nodes.findIndex((n) => n.output === Number(match?.[1]) && n.input === Number(match?.[2]));
    return index < 0 ? undefined : index;
  },
});

/** Output and input that a node joins. */
export function crossbarNodePlace(node: Coordinate<"CrossbarNodeOnDls">): {
  readonly output: Coordinate<"CrossbarOutputOnDls">;
  readonly input: Coordinate<"CrossbarInputOnDls">;
} {
  const place = nodes[node];
  if (!place) throw new FieldOutOfRange("CrossbarNodeOnDls", node, `0..${nodes.length - 1}`);
  return { output: CrossbarOutputOnDls.at(place.output), input: CrossbarInputOnDls.at(place.input) };
}

/** The node that joins an output and an input. @throws FieldOutOfRange when the chip has no such crossing */
export function crossbarNode(
  output: Coordinate<"CrossbarOutputOnDls">,
  input: Coordinate<"CrossbarInputOnDls">,
): Coordinate<"CrossbarNodeOnDls"> {
  const index = nodes.findIndex((n) => n.output === output && n.input === input);
  if (index < 0) throw new FieldOutOfRange(`crossbar output for input ${input}`, output, outputsOf(input).join(", "));
  return CrossbarNodeOnDls.at(index);
}
