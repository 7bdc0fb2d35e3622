/**
 * Text of single instructions, one entry for each message of the to-FPGA dictionary: how its values are written, and how
 * the rest of a line after the keyword is read. Both directions stand side by side.
 */

import { allBytes } from "../containers/bus-access.js";
import type { MessageType, MessageValue } from "../messages/define-message.js";
import { jtagInstructions, toFpgaMessages } from "../messages/dictionary.js";
import { type BarrierName, barrierBits } from "../messages/streams.js";
import type { Line } from "./lines.js";
import { type Constants, hex, parseWhole, takeNumber } from "./numbers.js";
import type { Statement } from "./statement.js";

type Values = Readonly<Record<string, MessageValue>>;
type MessageName = keyof typeof toFpgaMessages;

function instruction(name: MessageName, values: Values = {}): Statement {
  return { kind: "instruction", message: toFpgaMessages[name] as MessageType, values };
}

/** A field's value, checked against the range of the dictionary. */
function take(line: Line, constants: Constants, name: MessageName, field: string, times = false): number {
  const { min, max } = (toFpgaMessages[name] as MessageType).fields[field] as { min: number; max: number };
  return takeNumber(line, { what: `${name}.${field}`, min, max }, constants, times);
}

const onOff = (line: Line): boolean => line.oneOf("switch position", ["on", "off"]) === "on";
const barrierNames = Object.keys(barrierBits) as BarrierName[];
const jtagNames = new Map<string, number>(
  Object.entries(jtagInstructions).map(([value, name]) => [name, Number(value)]),
);

function bytesSuffix(byteEnables: MessageValue | undefined): string {
  return byteEnables === allBytes ? "" : ` bytes=${hex(Number(byteEnables))}`;
}

function takeBytes(line: Line, constants: Constants): number {
  if (line.takeIf("bytes") === undefined) return allBytes;
  line.expect("=");
  return take(line, constants, "omnibusAddress", "byteEnables");
}

function takeBarrier(line: Line): Statement {
  const names = [...barrierNames, "none"] as const;
  let mask = 0;
  do {
    const token = line.peek;
    const name = line.oneOf("barrier", names);
    if (name === "none" && (mask > 0 || !line.isAtEnd) && token)
      throw line.refuse(token, "none stands alone", barrierNames.join(", "));
    if (name !== "none") mask |= barrierBits[name];
  } while (!line.isAtEnd);
  return instruction("barrier", { mask });
}

function takeOmnibus(line: Line, constants: Constants): Statement {
  const verb = line.oneOf("omnibus access", ["read", "write", "address", "data"]);
  if (verb === "data") return instruction("omnibusData", { data: take(line, constants, "omnibusData", "data") });
  const address = take(line, constants, "omnibusAddress", "address");
  if (verb !== "write")
    return instruction("omnibusAddress", { address, byteEnables: takeBytes(line, constants), read: verb === "read" });
  line.expect("=");
  const data = take(line, constants, "omnibusData", "data");
  return { kind: "omnibusWrite", address, data, byteEnables: takeBytes(line, constants) };
}

/** A JTAG instruction register: its number, or its name. */
function takeRegister(line: Line, constants: Constants): number {
  const token = line.peek;
  if (token === undefined || parseWhole(token.text) !== undefined || constants.has(token.text))
    return take(line, constants, "jtagIns", "value");
  const legal = [...jtagNames.keys()].join(", ");
  const value = jtagNames.get(line.take(legal).text);
  if (value === undefined) throw line.unknown(token, "JTAG register", jtagNames.keys(), `0..127, ${legal}`);
  return value;
}

function takeJtag(line: Line, constants: Constants): Statement {
  const verb = line.oneOf("JTAG instruction", ["init", "scaler", "ins", "data"]);
  switch (verb) {
    case "init":
      return instruction("jtagInit");
    case "scaler":
      return instruction("jtagScaler", { value: take(line, constants, "jtagScaler", "value") });
    case "ins":
      return instruction("jtagIns", { value: takeRegister(line, constants) });
    case "data": {
      const data = take(line, constants, "jtagData", "data");
      line.expect("bits");
      line.expect("=");
      const bits = take(line, constants, "jtagData", "bits");
      return instruction("jtagData", { data, bits, keepResponse: line.takeIf("keep") !== undefined });
    }
  }
}

function takeSpikes(line: Line, constants: Constants): Statement {
  const labels: Record<string, number> = {};
  let count = 0;
  do {
    labels[`label${count}`] = take(line, constants, "spikePack1", "label0");
    count++;
  } while (!line.isAtEnd && count < 3);
  return instruction(`spikePack${count as 1 | 2 | 3}`, labels);
}

/** How the rest of a line is read after its keyword. */
export const instructionParsers: Readonly<Record<string, (line: Line, constants: Constants) => Statement>> = {
  wait: (line, constants) => instruction("waitUntil", { cycles: take(line, constants, "waitUntil", "cycles", true) }),
  timer(line) {
    line.expect("reset");
    return instruction("timingSetup");
  },
  barrier: takeBarrier,
  poll: (line) =>
    instruction("pollingOmnibusBlock", { equal: line.oneOf("condition", ["equal", "unequal"]) === "equal" }),
  spike: takeSpikes,
  tick: () => instruction("loopback", { tick: true }),
  halt: () => instruction("loopback", { tick: false }),
  reset: (line) => instruction("systemReset", { on: onOff(line) }),
  systime(line) {
    line.expect("init");
    return instruction("systimeInit", { on: line.isAtEnd || onOff(line) });
  },
  jtag: takeJtag,
  omnibus: takeOmnibus,
};

const labelsOf = (values: Values): string =>
  Object.values(values)
    .map((label) => hex(Number(label)))
    .join(" ");

/** How an instruction is written. */
export const instructionTexts: Readonly<Record<MessageName, (values: Values) => string>> = {
  jtagInit: () => "jtag init",
  jtagScaler: ({ value }) => `jtag scaler ${value}`,
  jtagIns: ({ value }) => `jtag ins ${jtagInstructions[value as keyof typeof jtagInstructions] ?? value}`,
  jtagData: ({ data, bits, keepResponse }) =>
    `jtag data ${hex(Number(data))} bits=${bits}${keepResponse === true ? " keep" : ""}`,
  timingSetup: () => "timer reset",
  waitUntil: ({ cycles }) => `wait ${cycles}`,
  systimeInit: ({ on }) => (on === true ? "systime init" : "systime init off"),
  barrier({ mask }) {
    const names = barrierNames.filter((name) => (Number(mask) & barrierBits[name]) !== 0);
    return `barrier ${names.length > 0 ? names.join(" ") : "none"}`;
  },
  pollingOmnibusBlock: ({ equal }) => (equal === true ? "poll equal" : "poll unequal"),
  systemReset: ({ on }) => (on === true ? "reset on" : "reset off"),
  loopback: ({ tick }) => (tick === true ? "tick" : "halt"),
  omnibusAddress: ({ address, byteEnables, read }) =>
    `omnibus ${read === true ? "read" : "address"} ${hex(Number(address))}${bytesSuffix(byteEnables)}`,
  omnibusData: ({ data }) => `omnibus data ${hex(Number(data))}`,
  spikePack1: (values) => `spike ${labelsOf(values)}`,
  spikePack2: (values) => `spike ${labelsOf(values)}`,
  spikePack3: (values) => `spike ${labelsOf(values)}`,
};

export function formatOmnibusWrite(address: number, data: number, byteEnables: number): string {
  return `omnibus write ${hex(address)} = ${hex(data)}${bytesSuffix(byteEnables)}`;
}
