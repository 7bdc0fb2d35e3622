/**
 * What is wrong with a program's text, and where. One class: the reaction is always to correct that place.
 */
import { taggedError } from "../../base/errors.js";

export interface TextPlace {
  /** What the text is called: a file's name. */
  readonly source: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

export class AssemblyInvalid extends taggedError("AssemblyInvalid", "input") {
  readonly place: TextPlace;
  /** The offending piece of the text; empty at the end of a line. */
  readonly token: string;
  /** What would be legal there. */
  readonly legal: string;

  constructor(place: TextPlace, what: string, token: string, legal: string) {
    super(`${place.source}:${place.line}:${place.column}: ${what}; legal: ${legal}`);
    this.place = place;
    this.token = token;
    this.legal = legal;
  }
}
