/** The worked example of docs/serial-link.md is what the code does, byte by byte. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseFrame } from "../../src/protocol/index.js";
import {
  encodeSerialFrame,
  parseCredit,
  parseMark,
  type SerialChannel,
  SerialDeframer,
} from "../../src/protocol/serial-frame.js";

const page = readFileSync(new URL("../../docs/serial-link.md", import.meta.url), "utf8");
const lines = (/```bytes\n([\s\S]*?)```/.exec(page)?.[1] ?? "").trim().split("\n");

it("decodes and encodes again to the bytes of the page, and means what the page says", () => {
  const seen = lines.map((line) => {
    const [, what = "", hex = ""] = /^[<>] (.*?) {2,}((?:[0-9a-f]{2} ?)+)$/.exec(line) ?? [];
    const bytes = Uint8Array.from(hex.trim().split(" "), (byte) => Number.parseInt(byte, 16));
    const frames: [SerialChannel, Uint8Array][] = [];
    new SerialDeframer((channel, payload) => frames.push([channel, payload])).push(bytes);
    expect(frames, line).toHaveLength(1);
    const [channel, payload] = frames[0]!;
    expect([...encodeSerialFrame(channel, payload)], line).toEqual([...bytes]);
    const named = Number(/, (\d+) bytes$/.exec(what)?.[1]);
    if (!Number.isNaN(named)) expect(bytes).toHaveLength(named);
    if (channel === "mark") return `mark ${parseMark(payload)}`;
    if (channel === "credit") return `credit ${parseCredit(payload)?.position}, window ${parseCredit(payload)?.window}`;
    if (channel === "reset") return "reset";
    const frame = parseFrame(payload);
    return frame.kind === "data" ? `frame ${frame.seq} of type ${frame.type.toString(16)}` : frame.kind;
  });
  expect(seen).toEqual([
    "reset",
    "frame 0 of type 8002",
    "mark 67",
    "credit 67, window 65536",
    "frame 0 of type 8001",
    "mark 27",
    "credit 27, window 32768",
    "frame 1 of type 8001",
    "ack",
    "frame 1 of type 10",
  ]);
});
