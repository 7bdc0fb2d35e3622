/** Where text goes: results to stdout, everything for people to stderr. Colour only where it is wanted and can be seen. */
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

export type Colour = "green" | "yellow" | "red" | "dim" | "bold";

export interface Terminal {
  /** One line for people. */
  say(text: string): void;
  /** One line of result. */
  result(text: string): void;
  /** Raw text to stderr, for a live display. */
  raw(text: string): void;
  /** Called before each line, so that a live display can clear its block out of the way; one at a time. */
  beforeLine(clear: (() => void) | undefined): void;
  /** True when stderr is a terminal that can redraw lines. */
  readonly isLive: boolean;
  readonly columns: number;
  readonly rows: number;
  paint(colour: Colour, text: string): string;
}

type Out = Pick<WriteStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns" | "rows" | "hasColors">>;

/** @param env NO_COLOR switches colour off (no-color.org), TERM=dumb the live display */
export function makeTerminal(stdout: Out, stderr: Out, env: NodeJS.ProcessEnv): Terminal {
  const isTerminal = stderr.isTTY === true && env.TERM !== "dumb";
  const noColour = env.NO_COLOR !== undefined && env.NO_COLOR !== "";
  const coloured = isTerminal && !noColour && (stderr.hasColors?.() ?? false);
  let clear: (() => void) | undefined;
  const line = (stream: Out, text: string): void => {
    clear?.();
    stream.write(`${text}\n`);
  };
  return {
    say: (text) => line(stderr, text),
    result: (text) => line(stdout, text),
    beforeLine: (hook) => {
      clear = hook;
    },
    raw: (text) => void stderr.write(text),
    isLive: isTerminal,
    get columns() {
      return stderr.columns ?? 80;
    },
    get rows() {
      return stderr.rows ?? 24;
    },
    paint: (colour, text) => (coloured ? styleText(colour, text) : text),
  };
}
