/** What a statement of a program asks of the board: the same view for every depth that matches answers. */
import { ReservedValue } from "../errors.js";
import { formatStatement } from "../text/disassemble.js";
import { type Asked, instructionOf } from "./board-words.js";
import type { ReadTarget } from "./register-text.js";

export type Question =
  | { readonly kind: "write"; readonly name: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: "read"; readonly target: ReadTarget }
  | { readonly kind: "tick" }
  | { readonly kind: "halt" }
  | { readonly kind: "spikes"; readonly labels: readonly number[] }
  | { readonly kind: "timer" }
  | { readonly kind: "wait"; readonly cycles: number }
  | { readonly kind: "other"; readonly name: string }
  /** A word that a board cannot take for an instruction. */
  | { readonly kind: "illegal"; readonly opcode: number; readonly why: string };

/** What is asked. */
export function questionOf({ statement }: Asked): Question {
  if (statement.kind === "write" || statement.kind === "omnibusWrite") {
    const fields =
      statement.kind === "write" ? statement.fields : { word: statement.data, byteEnables: statement.byteEnables };
    const name = statement.kind === "write" ? statement.container.name : "omnibus";
    return { kind: "write", name, fields };
  }
  if (statement.kind === "read")
    return { kind: "read", target: { kind: "container", container: statement.container, at: statement.at } };
  const instruction = instructionOf(statement);
  if (instruction === undefined || instruction instanceof ReservedValue) {
    const opcode = statement.kind === "word" ? statement.high >>> 24 : 0;
    return { kind: "illegal", opcode, why: instruction?.message ?? `opcode ${opcode} is outside 0..15` };
  }
  const { message, values } = instruction;
  switch (message.name) {
    case "loopback":
      return { kind: values.tick === true ? "tick" : "halt" };
    case "omnibusAddress":
      if (values.read === true) return { kind: "read", target: { kind: "address", address: Number(values.address) } };
      return { kind: "other", name: message.name };
    case "jtagData":
      return values.keepResponse === true
        ? { kind: "read", target: { kind: "jtag" } }
        : { kind: "other", name: message.name };
    case "timingSetup":
      return { kind: "timer" };
    case "waitUntil":
      return { kind: "wait", cycles: Number(values.cycles) };
    case "spikePack1":
    case "spikePack2":
    case "spikePack3":
      return { kind: "spikes", labels: Object.values(values).map(Number) };
    default:
      return { kind: "other", name: message.name };
  }
}

/** The statement as the assembler writes it. */
export function askedText({ statement }: Asked): string {
  return formatStatement(statement);
}
