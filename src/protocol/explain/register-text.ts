/** Registers and their contents as text and as plain data, for every depth that speaks of registers. */
import type { ContainerType, FieldValue } from "../containers/container.js";
import { registersOf } from "../containers/register-map.js";
import type { Coordinate } from "../coordinates/coordinate.js";
import { formatContents, formatPlace } from "../text/container-forms.js";

/** What a read asked for: a container, or a word by its address. */
export type ReadTarget =
  | { readonly kind: "container"; readonly container: ContainerType; readonly at: Coordinate<string> }
  | { readonly kind: "address"; readonly address: number }
  | { readonly kind: "jtag" };

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Name of a place on the omnibus, for accesses that are no whole register. */
export function addressName(address: number): string {
  const [place] = registersOf("omnibus").at(address);
  if (place === undefined) return hex(address);
  const which = place.container.wordCount > 1 ? ` word ${place.word}` : "";
  return `${formatPlace(place.container, place.at)}${which}`;
}

export function targetName(target: ReadTarget): string {
  if (target.kind === "container") return formatPlace(target.container, target.at);
  return target.kind === "address" ? addressName(target.address) : "JTAG";
}

/** What came back. */
export function contentsText(target: ReadTarget, words: readonly number[]): string {
  if (target.kind === "container") return formatContents(target.container, target.at, target.container.decode(words));
  return `${targetName(target)} = ${hex(words[0] ?? 0)}`;
}

/** The fields of a whole register, or the word of a part of one. */
export function contentsData(target: ReadTarget, words: readonly number[]): Readonly<Record<string, FieldValue>> {
  return target.kind === "container" ? target.container.decode(words) : { word: words[0] ?? 0 };
}

/** Answers that a read has, by kind. */
export function answersOf(target: ReadTarget): { readonly kind: "omnibus" | "jtag"; readonly words: number } {
  if (target.kind === "container")
    return { kind: target.container.bus === "omnibus" ? "omnibus" : "jtag", words: target.container.wordCount };
  return { kind: target.kind === "jtag" ? "jtag" : "omnibus", words: 1 };
}
