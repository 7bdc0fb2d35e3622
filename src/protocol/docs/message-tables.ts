/**
 * The message tables of docs/protocol.md, from the dictionaries.
 */
import { type MessageField, type MessageType, messagesOf } from "../messages/define-message.js";
import { fromFpgaMessages, toFpgaMessages } from "../messages/dictionary.js";
import { bitRange, hex, table } from "./markdown.js";

function fieldText(name: string, field: MessageField): string {
  const widest = 2 ** field.width - 1;
  const range = field.kind === "uint" && (field.min > 0 || field.max < widest) ? `, ${field.min}..${field.max}` : "";
  const labels = field.labels
    ? ` (${Object.entries(field.labels)
        .map(([value, label]) => `${value} ${label}`)
        .join(", ")})`
    : "";
  return `${bitRange(field.low, field.width)} \`${name}\`${range}: ${field.doc}${labels}`;
}

function row(message: MessageType): string[] {
  const fields = Object.entries(message.fields).map(([name, field]) => fieldText(name, field));
  return [
    hex(message.opcode, 2),
    `\`${message.name}\``,
    String(message.payloadBits),
    String(message.messageBits),
    fields.join("<br>") || "none",
    message.doc,
  ];
}

function messageTable(dictionary: Readonly<Record<string, unknown>>): string {
  const header = ["op", "message", "payload bits", "bits", "fields: bits of the message", "what it does"];
  return table(header, messagesOf(dictionary).map(row));
}

/** Blocks by the name of their marker. */
export function messageBlocks(): Record<string, string> {
  return { "to-FPGA messages": messageTable(toFpgaMessages), "from-FPGA messages": messageTable(fromFpgaMessages) };
}
