/** Words and programs for tests of the text form. */
import { Rng } from "../../src/base/rng.js";
import { randomFields } from "../../src/protocol/containers/random-fields.js";
import { allContainers, createToFpgaEncoder, messagesOf, toFpgaMessages } from "../../src/protocol/index.js";
import { encodeStatement, type Statement } from "../../src/protocol/text/statement.js";

export const instructions = messagesOf(toFpgaMessages);

export function wordsOf(statements: readonly Statement[]): Uint8Array {
  const encoder = createToFpgaEncoder();
  for (const statement of statements) encodeStatement(encoder, statement);
  return encoder.take();
}

/** Words as hexadecimal texts, for comparisons that can be read. */
export function hexOf(words: Uint8Array): string[] {
  return Buffer.from(words).toString("hex").match(/.{16}/g) ?? [];
}

export function fromHex(...words: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(words.join(""), "hex"));
}

function pick<T>(list: readonly T[], rng: Rng): T {
  return list[rng.int(list.length)] as T;
}

export function randomAccess(rng: Rng, kind: "write" | "read"): Statement {
  const legal = allContainers.filter((c) =>
    kind === "write" ? c.access !== "r" : c.access !== "w" && (c.bus === "omnibus" || c.bus === "omnibusOverJtag"),
  );
  const container = pick(legal, rng);
  const at = container.coordinate.at(rng.int(container.coordinate.size));
  return kind === "write" ? { kind, container, at, fields: randomFields(container, rng) } : { kind, container, at };
}

const randomWord = (rng: Rng): number => rng.int(2 ** 32);

export function randomStatement(rng: Rng): Statement {
  switch (rng.int(6)) {
    case 0:
    case 1:
      return randomAccess(rng, "write");
    case 2:
      return randomAccess(rng, "read");
    case 3:
      return { kind: "omnibusWrite", address: randomWord(rng), data: randomWord(rng), byteEnables: rng.int(16) };
    case 4: {
      const message = pick(instructions, rng);
      return { kind: "instruction", message, values: message.random(rng) };
    }
    default:
      return { kind: "word", high: randomWord(rng), low: randomWord(rng) };
  }
}

/** A program of all kinds of statements, in which words are then lost, doubled, swapped and damaged. */
export function randomWords(seed: number): Uint8Array {
  const rng = Rng.fromSeed(seed);
  const bytes = wordsOf(Array.from({ length: 1 + rng.int(30) }, () => randomStatement(rng)));
  const words = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.slice(8 * i, 8 * i + 8));
  for (let faults = rng.int(8); faults > 0 && words.length > 0; faults--) {
    const at = rng.int(words.length);
    const word = words[at] as Uint8Array;
    switch (rng.int(4)) {
      case 0:
        words.splice(at, 1);
        break;
      case 1:
        words.splice(at, 0, word.slice());
        break;
      case 2:
        words.splice(rng.int(words.length), 0, ...words.splice(at, 1));
        break;
      default: {
        const byte = rng.int(8);
        word[byte] = (word[byte] as number) ^ (1 << rng.int(8));
      }
    }
  }
  return Uint8Array.from(words.flatMap((word) => [...word]));
}
