/**
 * Files that commands read and write as a whole, `-` being standard input or output. What is written to a pipe waits for
 * its reader. Knows no format but that of programs: words, or text that is assembled.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { access, constants, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { FileUnreadable, FileUnwritable } from "./errors.js";

/** Standard input or output. */
export const standard = "-";

/** What messages call a file. */
export function nameOf(path: string, stream: "input" | "output"): string {
  return path === standard ? `standard ${stream}` : path;
}

/** @param what for the message: `program` @throws FileUnreadable, signal.reason */
export async function readBytes(path: string, what: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    if (path !== standard) return await readFile(path, { signal });
    return await pipeline(process.stdin, buffer, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new FileUnreadable(`cannot read ${what} ${nameOf(path, "input")}: ${(cause as Error).message}`, { cause });
  }
}

/** Ask before the work that leads to the file, not after it. @throws FileUnwritable */
export async function requireWritable(path: string): Promise<void> {
  if (path === standard) return;
  try {
    await access(dirname(path), constants.W_OK);
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error("it is a folder");
    if (there !== undefined) await access(path, constants.W_OK);
  } catch (cause) {
    throw new FileUnwritable(`cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Pieces of a file; text is collected into larger ones. */
export type Pieces = Iterable<string> | readonly Uint8Array[];
const pieceLength = 65_536;

function* collected(pieces: Pieces): Generator<string | Uint8Array> {
  let text = "";
  for (const piece of pieces) {
    if (typeof piece !== "string") {
      yield piece;
      continue;
    }
    text += piece;
    if (text.length < pieceLength) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

/** @throws FileUnwritable */
export async function writePieces(path: string, pieces: Pieces): Promise<void> {
  if (path === standard) {
    // No pipeline: it leaves its listeners on a stream that stays open. What the stream itself reports, `main` handles.
    const { stdout } = process;
    for (const piece of collected(pieces)) if (!stdout.write(piece)) await once(stdout, "drain");
    return;
  }
  try {
    await pipeline(Readable.from(collected(pieces)), createWriteStream(path));
  } catch (cause) {
    throw new FileUnwritable(`cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
