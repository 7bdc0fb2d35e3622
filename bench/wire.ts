/**
 * Words per second through the stream codec, beside a C loop that does the same packing. Inputs are those of
 * `bench/c/wire.c`; equal checksums say that both did the same work.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type MadcSamples, madcChipTimes } from "../src/device/interface/index.js";
import { AnswerDecoder } from "../src/device/playback/decoder.js";
import {
  createFromFpgaDecoder,
  createFromFpgaEncoder,
  createToFpgaDecoder,
  createToFpgaEncoder,
  fromFpgaMessages,
  type MessageColumns,
  makeMessageColumns,
  packFromFpga,
  packToFpga,
  toFpgaMessages,
  unpackFromFpga,
  unpackToFpga,
} from "../src/protocol/index.js";
import { type Bench, type BenchRow, median, row } from "./harness.js";
import { FromFpgaColumns, sendFromFpga, sendToFpga, ToFpgaColumns } from "./wire/columns.js";
import { type PeerResult, runPeer } from "./wire/peer.js";

const writeCount = 4_000_000;
const sampleCount = 10_000_000;
const mixedCount = 4_000_000;
const repeats = 7;
/** One sysdelta serves eight packs of samples at the MADC's default rate, a sample each 4.25 cycles: the board's rhythm. */
const packsPerDelta = 8;
/** A millisecond of samples. */
const traceBytes = 8 * Math.round(((29_412 / 3) * (10 + 8 / packsPerDelta)) / 8);
const delta = 3 * packsPerDelta * 4.25 - packsPerDelta - 1;

setFlagsFromString("--expose-gc");
/** Collects garbage: what is left is held. */
const collect = runInNewContext("gc") as () => void;

class Xorshift {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
}

/** Memory in use, on the heap and in buffers. */
function heldBytes(): number {
  // Twice: buffers go with the sweep that follows.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Over whole 32-bit words. */
function checksum(array: ArrayBufferView): number {
  let sum = 0;
  for (const word of new Uint32Array(array.buffer, array.byteOffset, array.byteLength >>> 2)) {
    sum = (((sum << 5) | (sum >>> 27)) + word) | 0;
  }
  return sum >>> 0;
}

/** Median seconds of a task; what it gives back is dropped before the next turn, so that memory is not what is measured. */
function time<T>(work: () => T): { readonly seconds: number; readonly result: T } {
  const seconds: number[] = [];
  let result: T | undefined;
  for (let i = 0; i < repeats; i++) {
    result = undefined;
    const start = performance.now();
    result = work();
    seconds.push((performance.now() - start) / 1000);
  }
  return { seconds: median(seconds), result: result as T };
}

/** A row in millions per second, and the C loop's beside it. */
type MakeRow = (name: string, task: string, count: number, unit: string, seconds: number, sum: number) => BenchRow;

function rowsWith(peers: Map<string, PeerResult>): MakeRow {
  return (name, task, count, unit, seconds, sum) => {
    const peer = peers.get(task);
    if (peer && peer.checksum !== sum)
      throw new Error(`${task}: checksum ${sum}, the C loop's is ${peer.checksum}: not the same work`);
    const rate = (s: number): number => count / s / 1e6;
    return row(name, rate(seconds), unit, "more", peer && { name: "C", value: rate(peer.seconds) });
  };
}

function writes(make: MakeRow): BenchRow[] {
  const random = new Xorshift(1);
  const addresses = new Uint32Array(writeCount);
  const data = new Uint32Array(writeCount);
  for (let i = 0; i < writeCount; i++) {
    addresses[i] = random.next();
    data[i] = random.next();
  }
  const encoded = time(() => {
    const encoder = createToFpgaEncoder();
    for (let i = 0; i < writeCount; i++) {
      encoder.omnibusAddress(addresses[i] as number, false, 0xf);
      encoder.omnibusData(data[i] as number);
    }
    return encoder.take();
  });
  const sum = checksum(encoded.result);
  const inBulk = time(() => {
    const encoder = createToFpgaEncoder();
    encoder.omnibusWrites(addresses, data);
    return encoder.take();
  });
  const bulkSum = checksum(inBulk.result);
  const decoded = time(() => {
    let addressCount = 0;
    let dataCount = 0;
    const sink = new (class extends ToFpgaColumns {
      override omnibusAddress(address: number): void {
        addresses[addressCount++] = address;
      }
      override omnibusData(word: number): void {
        data[dataCount++] = word;
      }
    })(makeMessageColumns(0));
    createToFpgaDecoder(sink).push(encoded.result);
  });
  const words = 2 * writeCount;
  return [
    make("encode writes, arrays", "encode-writes", words, "M words/s", inBulk.seconds, bulkSum),
    make("encode writes, a call per word", "encode-writes", words, "M words/s", encoded.seconds, sum),
    make("decode writes", "decode-writes", words, "M words/s", decoded.seconds, checksum(data)),
  ];
}

function samples(make: MakeRow): BenchRow[] {
  const random = new Xorshift(2);
  const packs = Math.floor(sampleCount / 3);
  const sample = Uint32Array.from(
    { length: 3 * packs },
    (_, i) => ((Math.floor(8.5 * i) & 0xff) << 16) | (random.next() & 0x7ff),
  );
  const encoded = time(() => {
    const encoder = createFromFpgaEncoder();
    for (let i = 0; i < packs; i++) {
      if (i % packsPerDelta === 0) encoder.sysdelta(delta);
      encoder.madcPack3(sample[3 * i] as number, sample[3 * i + 1] as number, sample[3 * i + 2] as number);
    }
    return encoder.take();
  });
  const bytes = packs * 10 + 8 * Math.ceil(packs / packsPerDelta);
  const sum = checksum(encoded.result.subarray(0, bytes));
  const decodeAll = (): { answers: AnswerDecoder } & MadcSamples => {
    const answers = new AnswerDecoder();
    createFromFpgaDecoder(answers).push(encoded.result);
    return { answers, ...answers.end().madc };
  };
  const before = heldBytes();
  const one = decodeAll();
  const held = heldBytes() - before;
  const decoded = time(decodeAll);
  const { value } = decoded.result;
  const count = value.length;
  const decodedSum = (checksum(madcChipTimes(decoded.result)) + checksum(value)) >>> 0;
  const all = { chipTime: new Float64Array(count).fill(0), value: new Uint16Array(count).fill(0) };
  const traces = time(() => decodeInTraces(encoded.result, all));
  const tracesSum = (checksum(all.chipTime) + checksum(all.value)) >>> 0;
  return [
    make("encode MADC samples", "encode-samples", count, "M samples/s", encoded.seconds, sum),
    make("decode MADC samples, traces of 1 ms", "decode-samples", count, "M samples/s", traces.seconds, tracesSum),
    make("decode MADC samples, one trace", "decode-samples", count, "M samples/s", decoded.seconds, decodedSum),
    row("memory held per decoded sample", held / one.value.length, "bytes", "less"),
  ];
}

/** As the main job does it: a program per trace, whose samples are taken over before the next comes. */
function decodeInTraces(bytes: Uint8Array, into: { chipTime: Float64Array; value: Uint16Array }): void {
  const answers = new AnswerDecoder();
  const decoder = createFromFpgaDecoder(answers);
  let count = 0;
  for (let at = 0; at < bytes.length; at += traceBytes) {
    decoder.push(bytes.subarray(at, at + traceBytes));
    const { madc } = answers.end();
    for (let i = 0; i < madc.time.length; i++) into.chipTime[count + i] = madc.origin + (madc.time[i] as number);
    into.value.set(madc.value, count);
    count += madc.value.length;
  }
}

function mixed(make: MakeRow, from: boolean): BenchRow[] {
  const random = new Xorshift(3);
  const kinds = Object.keys(from ? fromFpgaMessages : toFpgaMessages).length;
  const columns = makeMessageColumns(mixedCount);
  for (let i = 0; i < mixedCount; i++) {
    columns.op[i] = Math.floor((random.next() * kinds) / 2 ** 32);
    columns.a[i] = random.next();
    columns.b[i] = random.next();
    const c = random.next();
    columns.c[i] = !from && columns.op[i] === 3 ? (c % 31) + 3 + (c & 0x100) : c;
  }
  const byCall = time(() => {
    if (from) return sent(createFromFpgaEncoder(), (encoder) => sendFromFpga(columns, encoder));
    return sent(createToFpgaEncoder(), (encoder) => sendToFpga(columns, encoder));
  });
  const stream = byCall.result;
  const packed80 = columns.op.filter((op) => from && (op === 9 || op === 12)).length;
  const bytes = 8 * mixedCount + 2 * packed80;
  const wholeWords = bytes - (bytes % 8);
  const sum = checksum(stream.subarray(0, wholeWords));
  const buffer = new Uint8Array(bytes + 2).fill(0);
  const view = new DataView(buffer.buffer);
  const pack = from ? packFromFpga : packToFpga;
  const inColumns = time(() => pack(columns, 0, mixedCount, view, 0));
  const columnSum = checksum(buffer.subarray(0, wholeWords));
  const out = makeMessageColumns(mixedCount);
  const toColumns = time(() => (from ? unpackFromFpga(stream, out) : unpackToFpga(stream, out)));
  const outSum = columnsSum(out);
  const toSink = time(() => {
    const decoder = from
      ? createFromFpgaDecoder(new FromFpgaColumns(out))
      : createToFpgaDecoder(new ToFpgaColumns(out));
    decoder.push(stream);
  });
  const direction = from ? "from FPGA" : "to FPGA";
  const task = from ? "from" : "to";
  const [encode, decode] = [`encode-${task}`, `decode-${task}`];
  return [
    make(`encode random messages ${direction}`, encode, bytes, "MB/s", inColumns.seconds, columnSum),
    make("  the same, a call per message", encode, bytes, "MB/s", byCall.seconds, sum),
    make(`decode random messages ${direction}`, decode, bytes, "MB/s", toColumns.seconds, outSum),
    make("  the same, a call per message", decode, bytes, "MB/s", toSink.seconds, columnsSum(out)),
  ];
}

function sent<Encoder extends { take(): Uint8Array }>(encoder: Encoder, send: (encoder: Encoder) => void): Uint8Array {
  send(encoder);
  return encoder.take();
}

function columnsSum({ op, a, b, c }: MessageColumns): number {
  return (checksum(op) + checksum(a) + checksum(b) + checksum(c)) >>> 0;
}

export const wireBench: Bench = {
  name: "wire",
  about: `${writeCount / 1e6} M writes, ${sampleCount / 1e6} M MADC samples, ${mixedCount / 1e6} M random messages through the codec`,
  async run(note) {
    const peers = runPeer([writeCount, sampleCount, mixedCount]);
    if (typeof peers === "string") note(`no peer: ${peers}`);
    const make = rowsWith(typeof peers === "string" ? new Map() : peers);
    return [...writes(make), ...samples(make), ...mixed(make, false), ...mixed(make, true)];
  },
};
