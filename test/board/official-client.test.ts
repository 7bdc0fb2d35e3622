import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { VirtualBoard } from "../../firmware-sim/board.js";
import { yieldToEvents } from "../../src/base/async.js";
import { ManualClock } from "../../src/base/clock.js";
import { type ArqDataFrame, type DatagramPort, packetType, parseFrame } from "../../src/protocol/index.js";
import { Receiver } from "./support/receiver.js";
import { concatenate, fromHex } from "./support/words.js";

interface Capture {
  readonly datagrams: readonly (readonly [micros: number, port: DatagramPort, hex: string])[];
}

/** Play what the official client sent, at its pace, and record what the board answers. */
async function replay(name: string) {
  const file = new URL(`../vectors/board/official-client-${name}.json`, import.meta.url);
  const { datagrams } = JSON.parse(readFileSync(file, "utf8")) as Capture;
  const clock = new ManualClock();
  const sent: Uint8Array[] = [];
  const wire = { transmit: (datagram: Uint8Array) => void sent.push(datagram.slice()), isCongested: false };
  const board = new VirtualBoard({ chip: 1 }, wire, clock);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await yieldToEvents();
  };
  let now = 0;
  for (const [micros, port, hex] of datagrams) {
    clock.advance(micros / 1000 - now);
    now = micros / 1000;
    await settle();
    board.receive(port, fromHex(hex));
    await settle();
  }
  const frames = sent.map(parseFrame);
  const bySeq = new Map<number, ArqDataFrame>();
  for (const frame of frames) if (frame.kind === "data") bySeq.set(frame.seq, frame);
  board.close();
  const fromClient = datagrams.filter(([, port]) => port === "data").map(([, , hex]) => parseFrame(fromHex(hex)));
  return { board, frames, answers: [...bySeq.values()].sort((a, b) => a.seq - b.seq), fromClient };
}

/** The words of a client's or board's UT frames, each sequence number once. */
function wordsOf(frames: readonly ReturnType<typeof parseFrame>[]): Uint8Array {
  const bySeq = new Map<number, Uint8Array>();
  for (const frame of frames)
    if (frame.kind === "data" && frame.type === packetType.utMessages) bySeq.set(frame.seq, frame.payload);
  return concatenate([...bySeq].sort(([a], [b]) => a - b).map(([, payload]) => payload));
}

describe.each(["clean", "lossy"])("the official client's session, %s", (name) => {
  it("is taken whole, and every answer is there", async () => {
    const { board, frames, answers, fromClient } = await replay(name);
    const { link, executor } = board.counters;
    expect(link).toMatchObject({ resets: 1, badResets: 0, invalid: 0, unexpectedType: 0, flushes: 1, echoes: 1 });
    expect(link).toMatchObject({ badAcks: 0, hostsLost: 0, withoutHost: 0, refused: 0 });
    const clientData = fromClient.filter((frame) => frame.kind === "data");
    // Acknowledged up to the client's last frame, the flush.
    expect(frames.at(-1)?.kind).not.toBe("invalid");
    expect(Math.max(...frames.map((frame) => (frame.kind === "invalid" ? 0 : frame.ack % 255)))).toBe(
      Math.max(...clientData.map(({ seq }) => seq)),
    );
    // The client repeated frames that its peer had ignored, this board had not.
    expect(link.duplicates).toBe(clientData.length - new Set(clientData.map(({ seq }) => seq)).size);
    expect(link.duplicates).toBe(name === "clean" ? 0 : 7);

    const [config, echo, ...rest] = answers;
    expect(config).toMatchObject({ seq: 0, type: packetType.config });
    const probe = clientData.find(({ type }) => type === packetType.loopback);
    expect(echo).toMatchObject({ seq: 1, type: packetType.loopback, payload: probe?.payload });
    expect(rest.every(({ type }) => type === packetType.utMessages)).toBe(true);

    const words = wordsOf(fromClient);
    expect(executor).toMatchObject({ instructions: words.length / 8, timeouts: 0, illegalWords: 0, strayData: 0 });
    const received = new Receiver().push(wordsOf(answers));
    expect(received.answers.map(({ kind }) => kind)).toEqual([
      "tick",
      "omnibusData",
      "halt",
      "halt",
      "omnibusData",
      "halt",
    ]);
  });
});

describe("the official client", () => {
  it("finds the two keys that it needs, as integers that it accepts", async () => {
    const { answers } = await replay("clean");
    const payload = answers[0]!.payload;
    const view = new DataView(payload.buffer, payload.byteOffset);
    expect([0, 1, 2].map((word) => view.getUint32(8 * word + 4))).toEqual([256, 128, 180]);
    const textWords = view.getUint32(28);
    expect(payload.length).toBe(8 * (4 + textWords));
    const text = new TextDecoder().decode(payload.subarray(32));
    const end = text.indexOf("\0");
    expect(end).toBeGreaterThan(0);
    const keys = new Map(
      text
        .slice(0, end)
        .split("\n")
        .map((line) => line.split(": ") as [string, string]),
    );
    expect(Number(keys.get("version"))).toBeGreaterThanOrEqual(0);
    // The newest that the software of the cube boards takes.
    expect(Number(keys.get("compatible_until"))).toBeLessThanOrEqual(2);
  });
});
