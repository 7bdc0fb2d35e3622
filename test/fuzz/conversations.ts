// Conversations as inputs: datagrams of both directions in one byte string, so that the mutations can damage, drop,
// repeat and reorder them without a file format in the way.
import { readFileSync } from "node:fs";
import { type CapturedDatagram, CaptureReader } from "../../src/protocol/capture/capture-reader.js";
import { explainAt } from "../../src/protocol/explain/explainer.js";
import { depths } from "../../src/protocol/explain/item.js";
import type { Target } from "./targets.js";

/** Before each datagram: direction and port in one byte, length in two, microseconds since the one before in one. */
const headBytes = 4;
const toHostBit = 1;
const resetBit = 2;

function pack(datagrams: readonly Pick<CapturedDatagram, "direction" | "port" | "bytes">[]): Uint8Array {
  return Uint8Array.from(
    datagrams.flatMap(({ direction, port, bytes }) => [
      (direction === "toHost" ? toHostBit : 0) | (port === "reset" ? resetBit : 0),
      bytes.length >> 8,
      bytes.length & 0xff,
      100,
      ...bytes,
    ]),
  );
}

function* unpack(input: Uint8Array): Generator<CapturedDatagram> {
  let time = 0n;
  for (let at = 0, packet = 1; at + headBytes <= input.length; packet++) {
    const [flags = 0, high = 0, low = 0, micros = 0] = input.subarray(at, at + headBytes);
    const offset = at + headBytes;
    const length = (high << 8) | low;
    const bytes = input.subarray(offset, offset + length);
    time += BigInt(micros) * 1000n;
    yield {
      packet,
      time,
      board: (flags >> 2) & 1,
      direction: flags & toHostBit ? "toHost" : "toBoard",
      port: flags & resetBit ? "reset" : "data",
      bytes,
      missing: length - bytes.length,
      offset,
      comment: flags & 0x80 ? "a remark" : "",
    };
    at = offset + length;
  }
}

/** What the official client and its peer said, in pieces. */
function recorded(): Uint8Array[] {
  const datagrams: CapturedDatagram[] = [];
  const reader = new CaptureReader("capture", {
    onBoard() {},
    onDatagram: (datagram) => void datagrams.push({ ...datagram, bytes: datagram.bytes.slice() }),
  });
  reader.push(readFileSync(new URL("../vectors/captures/official-client-lossy.pcapng", import.meta.url)));
  reader.end();
  return [0, 5, 14, 20, 40].map((from) =>
    pack(datagrams.slice(from, from + 12).filter(({ bytes }) => bytes.length < 500)),
  );
}

/** @param frames valid ones, of either direction */
export function explaining(frames: readonly Uint8Array[]): Target {
  let inputs = 0;
  return {
    name: "explainer",
    corpus: [
      ...recorded(),
      ...frames.map((bytes) => pack([{ direction: "toHost", port: "data", bytes }])),
      pack(frames.map((bytes) => ({ direction: "toBoard", port: "data", bytes }))),
    ],
    share: 2,
    run(input) {
      const depth = depths[inputs++ % depths.length] as (typeof depths)[number];
      const explainer = explainAt(depth, "capture", ({ text, data }) => {
        if (text === "" || JSON.stringify(data) === undefined) throw new Error("an item that says nothing");
      });
      for (let board = 0; board < 2; board++) explainer.onBoard({ board, name: "", address: `192.0.2.${2 + board}` });
      for (const datagram of unpack(input)) explainer.onDatagram(datagram);
      explainer.end();
    },
  };
}
