// Holds what tshark shows against what our decoders say: every message, field, register and time.
import { expect } from "vitest";
import { type ExpectedFrame, type ExpectedMessage, type ExpectedRegister, expectedFrames } from "./expected.js";
import { datagramsOf, type Node, named, parsePdml, tshark } from "./support.js";

/** A number as tshark shows it: decimal or hexadecimal, flags as 0 and 1. */
function numberOf(node: Node): number {
  if (/^(true|false)$/i.test(node.show)) return Number(/^true$/i.test(node.show));
  return Number(node.show);
}

function fieldsOf(node: Node, prefix: string): Record<string, number> {
  return Object.fromEntries(
    node.children
      .filter((child) => child.name.startsWith(prefix) && !child.text.endsWith("(part of it)"))
      .map((child) => [child.name.slice(prefix.length), numberOf(child)]),
  );
}

const asNumbers = (values: object): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));

function expectRegister(node: Node, register: ExpectedRegister): void {
  const { access, container, at, word, address, fields } = register;
  const wordText = container.wordCount > 1 ? ` word ${word}` : "";
  expect(node.text).toMatch(new RegExp(`^Register: ${access} ${container.name} ${at}${wordText}(:|$)`));
  expect(node.show).toBe(container.name);
  expect(named(node, "bss2.coordinate")[0]?.show).toBe(at);
  expect(numberOf(named(node, "bss2.address")[0]!)).toBe(address);
  if (fields !== undefined) expect(fieldsOf(node, `bss2.${container.name}.`)).toEqual(asNumbers(fields));
}

function expectMessage(node: Node, message: ExpectedMessage, direction: "to" | "from"): void {
  expect(node.show).toBe(message.name);
  expect(node.text).toBe(message.text);
  expect(fieldsOf(node, `bss2.${direction}.${message.name}.`)).toEqual(asNumbers(message.values));
  const registers = named(node, "bss2.register");
  expect(registers.map((r) => r.show)).toEqual(message.registers.map((r) => r.container.name));
  registers.forEach((register, i) => {
    expectRegister(register, message.registers[i]!);
  });
  if (message.time !== undefined) expect(Number(named(node, "bss2.fpga_time")[0]?.show)).toBe(message.time);
}

/** @returns the packet's messages */
export function expectPacket(packet: Node, frame: ExpectedFrame, direction: "to" | "from"): readonly Node[] {
  expect(named(packet, "hostarq")).toHaveLength(1);
  const messages = named(named(packet, "bss2")[0], "bss2.message");
  expect(messages).toHaveLength(frame.messages.length);
  messages.forEach((message, j) => {
    expectMessage(message, frame.messages[j]!, direction);
  });
  return messages;
}

/** @returns what was seen, so that a test can say how much it was */
export function expectAgreement(capture: Uint8Array): {
  readonly packets: readonly Node[];
  readonly frames: readonly ExpectedFrame[];
} {
  const datagrams = datagramsOf(capture);
  const frames = expectedFrames(datagrams);
  const packets = parsePdml(tshark(capture, "-T", "pdml"));
  expect(packets).toHaveLength(frames.length);
  packets.forEach((packet, i) => {
    expectPacket(packet, frames[i]!, datagrams[i]!.toBoard ? "to" : "from");
  });
  return { packets, frames };
}
