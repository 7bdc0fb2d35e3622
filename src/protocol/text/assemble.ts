/**
 * From the text of a playback program to its words. Line by line: every line is one statement, or gives a name to a
 * number (`let`), or opens or closes a block that is repeated (`repeat`). Nothing is added: a program has the halt that
 * its text has. Grammar: docs/assembly.md.
 */
import { createToFpgaEncoder, type InstructionEncoder } from "../messages/to-fpga.js";
import { parseRead, parseWrite } from "./container-forms.js";
import { instructionParsers } from "./instruction-forms.js";
import { type Line, linesOf, type Token } from "./lines.js";
import { inRange, isName, numberOf, takeNumber } from "./numbers.js";
import { encodeStatement, type Statement } from "./statement.js";

/** A repeated block can make a short text a long program: no longer than this, four times what the FPGA holds. */
const maxRepeatedWords = 2 ** 24;
const maxDepth = 16;
const keywords = ["write", "read", ...Object.keys(instructionParsers), "word", "let", "repeat", "}"];

/** A block that is being read: the whole program, or the inside of a `repeat`. */
interface Block {
  readonly encoder: InstructionEncoder;
  readonly count: number;
  readonly line: Line;
  readonly token: Token;
}

export interface AssembleOptions {
  /** What errors call the text. Default: `program`. */
  readonly source?: string;
}

class Assembler {
  readonly #main = createToFpgaEncoder();
  readonly #blocks: Block[] = [];
  readonly #constants = new Map<string, bigint>();

  read(line: Line): void {
    const token = line.take("an instruction");
    switch (token.text) {
      case "let":
        this.#define(line);
        break;
      case "repeat":
        this.#open(line, token);
        break;
      case "}":
        this.#close(line, token);
        break;
      default:
        encodeStatement(this.#encoder, this.#statement(line, token));
    }
    line.end();
  }

  finish(): Uint8Array {
    const open = this.#blocks.at(-1);
    if (open) throw open.line.refuse(open.token, "the block is not closed", '"}" on a line of its own');
    return this.#main.take();
  }

  get #encoder(): InstructionEncoder {
    return this.#blocks.at(-1)?.encoder ?? this.#main;
  }

  #statement(line: Line, token: Token): Statement {
    if (token.text === "write") return parseWrite(line, this.#constants);
    if (token.text === "read") return parseRead(line);
    if (token.text === "word") return this.#word(line);
    const parse = Object.hasOwn(instructionParsers, token.text) ? instructionParsers[token.text] : undefined;
    if (!parse) throw line.unknown(token, "instruction", keywords, keywords.join(", "));
    return parse(line, this.#constants);
  }

  #word(line: Line): Statement {
    const range = { what: "word", min: 0n, max: 2n ** 64n - 1n };
    const token = line.take("64 bits");
    const value = inRange(line, token, numberOf(line, token, "64 bits", { constants: this.#constants }), range);
    return { kind: "word", high: Number(value >> 32n), low: Number(value & 0xffff_ffffn) };
  }

  #define(line: Line): void {
    const token = line.take("a name");
    if (!isName(token.text)) throw line.refuse(token, `"${token.text}" cannot be a name`, "letters, digits and _");
    if (this.#constants.has(token.text)) throw line.refuse(token, `${token.text} has a value already`, "a new name");
    line.expect("=");
    const value = line.take("a number");
    const constants = this.#constants;
    constants.set(token.text, numberOf(line, value, "a number or a time", { constants, times: true }));
  }

  #open(line: Line, token: Token): void {
    if (this.#blocks.length === maxDepth)
      throw line.refuse(token, "repeats are nested too deeply", `at most ${maxDepth} levels`);
    const count = takeNumber(line, { what: "repeat", min: 0, max: maxRepeatedWords }, this.#constants);
    line.expect("{");
    this.#blocks.push({ encoder: createToFpgaEncoder(), count, line, token });
  }

  #close(line: Line, token: Token): void {
    const block = this.#blocks.pop();
    if (!block) throw line.refuse(token, '"}" closes nothing', "a repeat before it");
    const encoder = this.#encoder;
    const words = block.encoder.messageCount;
    if (encoder.messageCount + words * block.count > maxRepeatedWords)
      throw block.line.refuse(block.token, "the repeated program is too long", `at most ${maxRepeatedWords} words`);
    const bytes = block.encoder.take();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // An empty block costs nothing, however often it is repeated.
    for (let pass = words === 0 ? block.count : 0; pass < block.count; pass++)
      for (let at = 0; at < bytes.length; at += 8) encoder.word(view.getUint32(at), view.getUint32(at + 4));
  }
}

/**
 * Words of a program's text, 8 bytes each, big-endian; caller owns.
 * @throws AssemblyInvalid with line, column, the offending token and what would be legal
 */
export function assemble(text: string, { source = "program" }: AssembleOptions = {}): Uint8Array {
  const assembler = new Assembler();
  for (const line of linesOf(source, text)) if (!line.isEmpty) assembler.read(line);
  return assembler.finish();
}
