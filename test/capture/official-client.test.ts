/** The official client's two sessions, as other tools captured them: every frame, resend and register write explained. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { registersOf } from "../../src/protocol/containers/register-map.js";
import { explain, problems, texts } from "./explain.js";
import { foreignCapture } from "./foreign-capture.js";

interface Fixture {
  readonly datagrams: readonly (readonly [micros: number, from: number, to: number, hex: string])[];
}

function original(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../vectors/captures/official-client-${name}.pcapng`, import.meta.url)));
}

/** The datagrams, found without our reader: all blocks are little-endian, all packets Ethernet, IPv4 and UDP. */
function fixture(name: string): Fixture {
  const bytes = original(name);
  const view = new DataView(bytes.buffer);
  const datagrams: [number, number, number, string][] = [];
  let start: bigint | undefined;
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 4, true)) {
    if (view.getUint32(at, true) !== 6) continue;
    const micros = (BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 16, true));
    start ??= micros;
    const udp = at + 28 + 34;
    const payload = bytes.subarray(udp + 8, udp + view.getUint16(udp + 4));
    const hex = Buffer.from(payload).toString("hex");
    datagrams.push([Number(micros - start), view.getUint16(udp), view.getUint16(udp + 2), hex]);
  }
  return { datagrams };
}

/** The same datagrams as another tool on another machine would have captured them. */
function inOtherByteOrder(name: string): Uint8Array {
  const start = 1_795_468_926_686_517n;
  return foreignCapture(
    fixture(name).datagrams.map(([micros, from, to, hex]) => {
      return { micros: start + BigInt(micros), from, to, payload: Uint8Array.from(Buffer.from(hex, "hex")) };
    }),
    false,
  );
}

/** Data frames with their headers, read here by hand. */
function dataFrames(name: string, toBoard: boolean) {
  return fixture(name)
    .datagrams.filter(([, from, to, hex]) => (toBoard ? to === 1234 : from === 1234) && hex.length > 8)
    .map(([micros, , , hex]) => ({ micros, seq: Number.parseInt(hex.slice(8, 16), 16), type: hex.slice(16, 20) }));
}

/** Words of the host's instruction frames, each sequence number once. */
function wordsOfHost(name: string): readonly string[] {
  const seen = new Map<number, string>();
  for (const [, , to, hex] of fixture(name).datagrams)
    if (to === 1234 && hex.slice(16, 20) === "0010") seen.set(Number.parseInt(hex.slice(8, 16), 16), hex.slice(24));
  return [...seen.values()].join("").match(/.{16}/g) ?? [];
}

describe.each(["clean", "lossy"])("the official client's session, %s", (name) => {
  const file = original(name);

  it("has every frame explained, and every resend found", () => {
    const explained = explain(file, "frames");
    expect(explained.error).toBeUndefined();
    const frames = explained.items.filter(({ kind }) => kind === "frame");
    expect(frames).toHaveLength(fixture(name).datagrams.length);
    expect(frames.every(({ data }) => data.frame !== "invalid")).toBe(true);
    for (const direction of ["toBoard", "toHost"] as const) {
      const sent = dataFrames(name, direction === "toBoard");
      const again = sent.filter(({ seq }, i) => sent.findIndex((first) => first.seq === seq) < i);
      const found = frames.filter((item) => item.direction === direction && item.data.verdict === "again");
      expect(found.map(({ origin, data }) => [origin.timeNs / 1000, data.seq])).toEqual(
        again.map(({ micros, seq }) => [micros, seq]),
      );
      for (const { problem } of found) expect(problem).toMatch(/^resend \d of packet \d+, [\d.]+ [mu]s later; no ack/);
    }
    expect(problems(explained)).toHaveLength(
      name === "clean" ? frames.filter((f) => f.data.verdict === "again").length : 9,
    );
  });

  it("has every instruction word in its place", () => {
    const explained = explain(file, "instructions");
    const words = wordsOfHost(name);
    const toBoard = explained.items.filter(({ kind, direction }) => kind === "instruction" && direction === "toBoard");
    expect(toBoard).toHaveLength(words.length);
    expect(problems(explained)).toEqual([]);
    // Where the explainer says that the word stands, it stands.
    for (const [i, { origin }] of toBoard.entries())
      expect(Buffer.from(file.subarray(origin.offset, origin.offset + 8)).toString("hex")).toBe(words[i]);
  });

  it("has every register write by name", () => {
    const explained = explain(file, "registers");
    expect(problems(explained)).toEqual([]);
    const writes = explained.items.filter(({ kind }) => kind === "write");
    expect(writes.every(({ data }) => data.container !== "omnibus")).toBe(true);
    const cells = writes.filter(({ data }) => data.container === "CapMemCell");
    expect(cells).toHaveLength(1000);
    // Address and data pairs of the last program, read by hand.
    const pairs = wordsOfHost(name).flatMap((word, i, all) =>
      word.startsWith("0b00000f001") ? [[word, all[i + 1]!]] : [],
    );
    const byHand = pairs.flatMap(([address, data]) => {
      const place = registersOf("omnibus").at(Number.parseInt(address!.slice(8), 16))[0];
      return place?.container.name === "CapMemCell" ? [Number.parseInt(data!.slice(8), 16)] : [];
    });
    expect(cells.map(({ data }) => (data.fields as { value: number }).value)).toEqual(byHand.slice(-1000));
    const answers = explained.items.filter(({ kind }) => kind === "answer");
    expect(answers.map(({ register }) => register)).toEqual(["InstructionTimeoutConfig fpga", "CapMemCell n0.v_leak"]);
  });

  it("reads as a conversation of three programs", () => {
    const explained = explain(file, "conversation");
    const lines = texts(explained);
    expect(problems(explained)).toEqual([]);
    expect(lines[2]).toMatch(/^board answers the reset after .*: version: 1000, compatible_until: 2$/);
    expect(lines.filter((line) => /^program \d+: \d+ instructions, halted/.test(line))).toHaveLength(3);
    expect(lines).toContain("write 1000 x CapMemCell n0.v_leak .. n103.v_leak");
    expect(lines.at(-1)).toBe("host says goodbye (flush)");
    const last = explained.items.findLast(({ kind, data }) => kind === "program" && data.event === "ends");
    expect(last?.data.resends).toBe(name === "clean" ? 0 : 7);
  });

  it("is the same in the other byte order", () => {
    expect(texts(explain(inOtherByteOrder(name), "registers"))).toEqual(texts(explain(file, "registers")));
  });
});
