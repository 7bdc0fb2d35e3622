/**
 * One line of a playback program as data: what the text form is read into and what words are recognised as. A statement
 * stands for one or several instruction words; the same statement always gives the same words.
 */
import { isReadable, readWord, writeWord } from "../containers/bus-access.js";
import type { ContainerType, FieldValue } from "../containers/container.js";
import type { Coordinate } from "../coordinates/coordinate.js";
import type { MessageType, MessageValue } from "../messages/define-message.js";
import type { InstructionEncoder } from "../messages/to-fpga.js";

type Fields = Readonly<Record<string, FieldValue>>;

export type Statement =
  /** All words of a container, in the order of writing. */
  | {
      readonly kind: "write";
      readonly container: ContainerType;
      readonly at: Coordinate<string>;
      readonly fields: Fields;
    }
  /** Ask for all words of a container. */
  | { readonly kind: "read"; readonly container: ContainerType; readonly at: Coordinate<string> }
  /** Address and data, for what no container explains. */
  | { readonly kind: "omnibusWrite"; readonly address: number; readonly byteEnables: number; readonly data: number }
  /** One instruction of the dictionary. */
  | {
      readonly kind: "instruction";
      readonly message: MessageType;
      readonly values: Readonly<Record<string, MessageValue>>;
    }
  /** 64 bits that no instruction explains, upper and lower half. */
  | { readonly kind: "word"; readonly high: number; readonly low: number };

/** Append a statement's words. @throws FieldOutOfRange */
export function encodeStatement(encoder: InstructionEncoder, statement: Statement): void {
  switch (statement.kind) {
    case "write": {
      const { container, at, fields } = statement;
      const words = container.encode(fields);
      const addresses = container.addresses(at);
      for (const word of container.writeOrder)
        writeWord(encoder, container.bus, addresses[word] as number, words[word] as number);
      return;
    }
    case "read": {
      const { container, at } = statement;
      if (isReadable(container.bus))
        for (const address of container.addresses(at)) readWord(encoder, container.bus, address);
      return;
    }
    case "omnibusWrite":
      encoder.omnibusAddress(statement.address, false, statement.byteEnables);
      encoder.omnibusData(statement.data);
      return;
    case "instruction": {
      const message = statement.message.encode(statement.values);
      encoder.word(Number(message >> 32n), Number(message & 0xffff_ffffn));
      return;
    }
    case "word":
      encoder.word(statement.high, statement.low);
      return;
  }
}
