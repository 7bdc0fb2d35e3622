/**
 * Playback programs in files: instruction words, 8 bytes each, most significant first, or the text form.
 */
import { taggedError } from "../base/errors.js";
import { nameOf, readBytes } from "./files.js";

/** The file is neither text nor whole words. Reaction: name the right file. */
export class ProgramFileInvalid extends taggedError("ProgramFileInvalid", "input") {}

const bytesPerWord = 8;

function requireWords(bytes: Uint8Array, name: string): Uint8Array {
  const rest = bytes.length % bytesPerWord;
  if (rest === 0) return bytes;
  throw new ProgramFileInvalid(
    `${name}: ${bytes.length} bytes are not whole words: byte ${bytes.length - rest} starts a word of ${rest} bytes; ` +
      `legal: a multiple of ${bytesPerWord}`,
  );
}

function requireText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProgramFileInvalid(`${name} is no text: legal: UTF-8`, { cause });
  }
}

/** Every instruction has a zero byte or another control character; no text has one, tabs and line ends apart. */
function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** Text of a program. @throws FileUnreadable, ProgramFileInvalid, signal.reason */
export async function readProgramText(path: string, signal: AbortSignal): Promise<string> {
  return requireText(await readBytes(path, "program", signal), nameOf(path, "input"));
}

/** Words of a program. @throws FileUnreadable, ProgramFileInvalid, signal.reason */
export async function readProgramWords(path: string, signal: AbortSignal): Promise<Uint8Array> {
  return requireWords(await readBytes(path, "program", signal), nameOf(path, "input"));
}

/** Words of a program that stands in the file as words or as text. @throws AssemblyInvalid and those of the others */
export async function readProgram(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const name = nameOf(path, "input");
  const bytes = await readBytes(path, "program", signal);
  if (!isText(bytes)) return requireWords(bytes, name);
  const { assemble } = await import("../protocol/text/index.js");
  return assemble(requireText(bytes, name), { source: name });
}
