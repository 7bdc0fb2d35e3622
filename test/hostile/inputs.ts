/** What a host in trouble, a scanner or an enemy may send: to a board's ports, down its serial line, to a gateway. */
import type { Rng } from "../../src/base/rng.js";
import { encodeDataFrame, encodeSerialFrame, packetType } from "../../src/protocol/index.js";

const bytesOf = (rng: Rng, length: number): Uint8Array => Uint8Array.from({ length }, () => rng.int(256));

/** A datagram for a board. */
export function nasty(rng: Rng): Uint8Array {
  const frame = (): Uint8Array =>
    encodeDataFrame({
      ack: rng.int(256),
      seq: rng.int(256),
      type: [packetType.utMessages, packetType.loopback, packetType.flush, packetType.config, rng.int(65_536)][
        rng.int(5)
      ]!,
      payload: bytesOf(rng, 8 * rng.int(12)),
    });
  switch (rng.int(6)) {
    case 0:
      return bytesOf(rng, rng.int(40));
    case 1:
      return bytesOf(rng, rng.int(1500));
    case 2:
      return frame();
    case 3: {
      const bytes = frame();
      bytes[rng.int(bytes.length)] = rng.int(256);
      return bytes;
    }
    case 4:
      return frame().subarray(0, rng.int(30));
    default:
      return Uint8Array.of(0, 0, rng.int(2), rng.int(256));
  }
}

/** Garbage between end marks, damaged frames, and intact frames with nonsense in them, marks and resets among them. */
export function nastyLine(rng: Rng): Uint8Array {
  switch (rng.int(6)) {
    case 0:
      return bytesOf(rng, rng.int(60));
    case 1:
      return new Uint8Array(rng.int(100) === 0 ? 5000 : 20).fill(1 + rng.int(255));
    case 2: {
      const frame = encodeSerialFrame("data", nasty(rng).subarray(0, 1452));
      frame[rng.int(frame.length)] = rng.int(256);
      return frame;
    }
    case 3:
      return encodeSerialFrame("mark", bytesOf(rng, rng.int(8)));
    case 4:
      return encodeSerialFrame(rng.int(4) === 0 ? "reset" : "credit", bytesOf(rng, 8));
    default:
      return encodeSerialFrame("data", nasty(rng).subarray(0, 1452));
  }
}

const methods = ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "BREW"];
const paths = [
  "/boards",
  "/boards/0",
  "/boards/-1",
  "/boards/99999999999999999999",
  "/boards/0/sessions",
  "/sessions/0123456789abcdef0123456789abcdef",
  "/sessions/0123456789abcdef0123456789abcdef/runs/x",
  "/sessions/0123456789abcdef0123456789abcdef/runs/x/answer?waitMs=999999999",
  "/sessions/0123456789abcdef0123456789abcdef/events",
  "/sessions/__proto__/runs/constructor",
  "/../../etc/passwd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/%00%ff%fe",
  "/%",
  "//",
  "/health",
  "/openapi.json?x[]=1&x[__proto__]=2",
  `/${"a".repeat(3000)}`,
];
const types = ["application/json", "application/octet-stream", "text/xml", "multipart/form-data; boundary=x", "", "\t"];
const bodies = [
  "",
  "{",
  "null",
  "[]",
  '{"leaseMs":1e999}',
  '{"leaseMs":-1,"sharing":"all"}',
  '{"__proto__":{"user":"alice"},"leaseMs":"x"}',
  `${"[".repeat(5000)}`,
  "\u0000\u0001\u0002",
];

export interface NastyRequest {
  readonly bytes: Uint8Array;
  /** Whatever follows on the same connection is lost. */
  readonly isLast: boolean;
}

/** @param tokens that a request may bear: its own, somebody's guess */
export function nastyRequest(rng: Rng, tokens: readonly string[]): NastyRequest {
  const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)] as T;
  // Seven kinds end their connection; opening one costs ten times a request, so most are of the kinds that do not.
  const kind = rng.int(40);
  if (kind === 0) return { bytes: bytesOf(rng, 1 + rng.int(200)), isLast: true };
  const body = rng.int(3) === 0 ? bytesOf(rng, rng.int(400)) : new TextEncoder().encode(pick(bodies));
  const lines = [
    `${pick(methods)} ${pick(paths)} HTTP/${kind === 1 ? "9.7" : "1.1"}`,
    "host: gateway",
    `authorization: ${pick(["Bearer", "Basic", "bearer "])} ${pick(tokens)}`,
    `content-type: ${pick(types)}`,
  ];
  let isLast = kind === 1;
  if (kind === 2) lines.push(`x-${"y".repeat(rng.int(20_000))}: z`);
  if (kind === 3) lines.push("transfer-encoding: chunked", "content-length: 3");
  else if (kind === 4) lines.push(`content-length: ${pick(["-1", "1e3", "18446744073709551616", "a"])}`);
  else if (kind === 5) lines.push(`content-length: ${body.length + 1 + rng.int(1 << 26)}`);
  else lines.push(`content-length: ${body.length}`);
  if (kind >= 2 && kind <= 5) isLast = true;
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  if (kind !== 6) return { bytes: whole, isLast };
  // Damaged somewhere.
  whole[rng.int(whole.length)] = rng.int(256);
  return { bytes: whole, isLast: true };
}
