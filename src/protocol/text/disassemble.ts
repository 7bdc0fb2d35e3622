/**
 * From the words of a playback program to its text, line by line, and to plain records for other programs to read.
 * `assemble` of the text gives back the same words, whatever they are.
 */

import type { FieldValue } from "../containers/container.js";
import { registersOf } from "../containers/register-map.js";
import { formatContents, formatPlace } from "./container-forms.js";
import { formatOmnibusWrite, instructionTexts } from "./instruction-forms.js";
import { type Recognised, recognise } from "./recognise.js";
import type { Statement } from "./statement.js";

function wordText({ high, low }: { readonly high: number; readonly low: number }): string {
  return `0x${high.toString(16).padStart(8, "0")}${low.toString(16).padStart(8, "0")}`;
}

/** The line of a statement. */
export function formatStatement(statement: Statement): string {
  switch (statement.kind) {
    case "write":
      return `write ${formatContents(statement.container, statement.at, statement.fields)}`;
    case "read":
      return `read ${formatPlace(statement.container, statement.at)}`;
    case "omnibusWrite":
      return formatOmnibusWrite(statement.address, statement.data, statement.byteEnables);
    case "instruction":
      return instructionTexts[statement.message.name as keyof typeof instructionTexts](statement.values);
    case "word":
      return `word ${wordText(statement)}`;
  }
}

/** Omnibus address of an access that goes by its address. */
function plainAddress(statement: Statement): number | undefined {
  if (statement.kind === "omnibusWrite") return statement.address;
  const isAddress = statement.kind === "instruction" && statement.message.name === "omnibusAddress";
  return isAddress ? Number(statement.values.address) : undefined;
}

/** Which registers lie at a plain address: they were not accessed as a whole. */
function hintFor(statement: Statement): string {
  const address = plainAddress(statement);
  const places = address === undefined ? [] : registersOf("omnibus").at(address);
  if (places.length === 0) return "";
  const names = places.map(({ container, at, word }) => {
    const which = container.wordCount > 1 ? ` word ${word}` : "";
    return formatPlace(container, at) + which;
  });
  return `  # ${names.join(" or ")}`;
}

/** The line of a statement that never ended, and why that may be: no register that is known lies at its address. */
export function formatStuck(statement: Statement): string {
  const address = plainAddress(statement);
  const isUnknown = address !== undefined && registersOf("omnibus").at(address).length === 0;
  return formatStatement(statement) + (isUnknown ? ": no known register has this address" : "");
}

/** Lines of a program, without line ends. @throws FrameTruncated when the length is not a multiple of 8 */
export function* disassembleLines(words: Uint8Array): Generator<string> {
  for (const { statement } of recognise(words)) yield formatStatement(statement) + hintFor(statement);
}

/** The text of a program. @throws FrameTruncated when the length is not a multiple of 8 */
export function disassemble(words: Uint8Array): string {
  let text = "";
  for (const line of disassembleLines(words)) text += `${line}\n`;
  return text;
}

/** One register word that is written or asked for, or one instruction that is neither. */
export interface InstructionRecord {
  /** Number of the statement's first instruction in the program, from 0. */
  readonly index: number;
  /** `write`, `read`, `word`, or the name of the instruction. */
  readonly instruction: string;
  readonly container: string | null;
  readonly coordinate: string | null;
  /** All fields of the container, or of the instruction. */
  readonly fields: Readonly<Record<string, FieldValue | string>>;
  /** Where the word goes; on a JTAG bus the register or PHY. */
  readonly address: number | null;
  /** The register's word. */
  readonly word: number | null;
}

function* recordsOf({ statement, index }: Recognised): Generator<InstructionRecord> {
  const none = { index, container: null, coordinate: null, address: null, word: null };
  switch (statement.kind) {
    case "write":
    case "read": {
      const { kind, container, at } = statement;
      const fields = kind === "write" ? statement.fields : {};
      const words = kind === "write" ? container.encode(fields) : undefined;
      const addresses = container.addresses(at);
      const coordinate = container.coordinate.format(at);
      for (const register of kind === "write" ? container.writeOrder : addresses.keys())
        yield {
          index,
          instruction: kind,
          container: container.name,
          coordinate,
          fields,
          address: addresses[register] ?? null,
          word: words?.[register] ?? null,
        };
      return;
    }
    case "omnibusWrite": {
      const { address, data, byteEnables } = statement;
      yield { ...none, instruction: "write", fields: { byteEnables }, address, word: data };
      return;
    }
    case "instruction": {
      const { message, values } = statement;
      yield { ...none, instruction: message.name, fields: values, address: plainAddress(statement) ?? null };
      return;
    }
    case "word":
      yield { ...none, instruction: "word", fields: { value: wordText(statement) } };
  }
}

/** The program as records, in the order of the words. @throws FrameTruncated when the length is not a multiple of 8 */
export function* disassembleRecords(words: Uint8Array): Generator<InstructionRecord> {
  for (const found of recognise(words)) yield* recordsOf(found);
}
