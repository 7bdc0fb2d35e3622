/**
 * The text of a program as lines of tokens. `#` starts a comment; `=`, `{` and `}` stand alone; all else is parted by
 * blanks. Knows no word of the language.
 */
import { AssemblyInvalid, type TextPlace } from "./errors.js";
import { nearest } from "./suggestion.js";

export interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const tokenPattern = /[={}]|[^\s={}#]+/gu;

/** Longest piece of text that an error repeats. */
const longestQuote = 60;

/** The tokens of one line, taken from the left; refuses with the place of what it refuses. */
export class Line {
  readonly #source: string;
  readonly #number: number;
  readonly #tokens: readonly Token[];
  readonly #endColumn: number;
  #next = 0;

  constructor(source: string, number: number, text: string) {
    const comment = text.indexOf("#");
    const code = comment < 0 ? text : text.slice(0, comment);
    this.#source = source;
    this.#number = number;
    this.#tokens = Array.from(code.matchAll(tokenPattern), (match) => ({ text: match[0], column: match.index + 1 }));
    this.#endColumn = code.trimEnd().length + 1;
  }

  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }
  get isAtEnd(): boolean {
    return this.#next === this.#tokens.length;
  }
  /** The next token without taking it. */
  get peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  /** Take the next token. @param legal what must stand there @throws AssemblyInvalid at the end of the line */
  take(legal: string): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw this.missing(legal);
    this.#next++;
    return token;
  }

  /** Take the next token when it is this one. */
  takeIf(text: string): Token | undefined {
    if (this.peek?.text !== text) return undefined;
    return this.#tokens[this.#next++];
  }

  /** @throws AssemblyInvalid */
  expect(text: string): Token {
    const token = this.take(`"${text}"`);
    if (token.text !== text) throw this.refuse(token, `"${quote(token.text)}" where "${text}" must stand`, `"${text}"`);
    return token;
  }

  /** One of a few names. @throws AssemblyInvalid with the nearest name */
  oneOf<Name extends string>(what: string, names: readonly Name[]): Name {
    const legal = names.join(", ");
    const token = this.take(`${what}: ${legal}`);
    const found = names.find((name) => name === token.text);
    if (found === undefined) throw this.unknown(token, what, names, legal);
    return found;
  }

  /** @throws AssemblyInvalid when something is left */
  end(): void {
    const token = this.peek;
    if (token !== undefined)
      throw this.refuse(token, `"${quote(token.text)}" after the end of the instruction`, "end of line or # comment");
  }

  place(column: number): TextPlace {
    return { source: this.#source, line: this.#number, column };
  }

  refuse(token: Token, what: string, legal: string): AssemblyInvalid {
    return new AssemblyInvalid(this.place(token.column), what, token.text, legal);
  }

  missing(legal: string): AssemblyInvalid {
    return new AssemblyInvalid(this.place(this.#endColumn), "the line ends too early", "", legal);
  }

  unknown(token: Token, what: string, names: Iterable<string>, legal: string): AssemblyInvalid {
    const near = nearest(token.text, names);
    const hint = near === undefined ? "" : `, did you mean ${near}?`;
    return this.refuse(token, `unknown ${what} "${quote(token.text)}"${hint}`, legal);
  }
}

export function quote(text: string): string {
  return text.length > longestQuote ? `${text.slice(0, longestQuote)}...` : text;
}

/** The lines of a text. */
export function* linesOf(source: string, text: string): Generator<Line> {
  let number = 0;
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield new Line(source, ++number, text.slice(start, end));
    start = end + 1;
  }
}
