// Everything that reads bytes from outside, as functions that may only throw errors of ours. What must hold besides is
// asserted where it is cheap: two readers of the same words agree, text is exact in both directions.
import { readFileSync } from "node:fs";
import { isHxError } from "../../src/base/errors.js";
import { Rng } from "../../src/base/rng.js";
import { CaptureReader } from "../../src/protocol/capture/capture-reader.js";
import {
  allContainers,
  createFromFpgaDecoder,
  createToFpgaDecoder,
  encodeAckFrame,
  encodeDataFrame,
  encodeSerialFrame,
  type FromFpgaSink,
  fromFpgaMessages,
  hostArq,
  makeMessageColumns,
  messagesOf,
  packetType,
  parseFrame,
  SerialDeframer,
  type ToFpgaSink,
  toFpgaMessages,
  unpackFromFpga,
  unpackToFpga,
} from "../../src/protocol/index.js";
import { assemble, disassemble } from "../../src/protocol/text/index.js";
import { instructionVectors } from "../protocol/vectors.js";
import { explaining } from "./conversations.js";

export interface Target {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  /** Share of all inputs. */
  readonly share: number;
  /** @throws Error of ours when the input is refused, anything else when the target is broken */
  run(input: Uint8Array): void;
}

const unhex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const streams = (direction: string) =>
  instructionVectors.streams.filter((s) => s.direction === direction).map((s) => unhex(s.words.join("")));
const initProgram = unhex(instructionVectors.initProgram.join(""));
const fromFpga = streams("fromFpga");
const toFpga = [initProgram, initProgram.subarray(0, 160), ...streams("toFpga")];
const datagrams = [
  encodeAckFrame(7),
  ...[...fromFpga, initProgram.subarray(0, 160)].map((words) =>
    encodeDataFrame({ ack: 1, seq: 2, type: packetType.utMessages, payload: words.subarray(0, 1440) }),
  ),
  encodeDataFrame({ ack: 255, seq: 0, type: packetType.config, payload: new Uint8Array(48) }),
];

function require(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** The tag of the error that a call throws; undefined when it does not. */
function tagOf(call: () => void): string | undefined {
  try {
    call();
  } catch (error) {
    if (isHxError(error)) return error._tag;
    throw error;
  }
  return undefined;
}

function silent<Sink>(dictionary: Readonly<Record<string, unknown>>): Sink {
  return Object.fromEntries(messagesOf(dictionary).map(({ name }) => [name, () => {}])) as Sink;
}

function deframing(): Target {
  let longest = 0;
  const deframer = new SerialDeframer((_, datagram) => {
    longest = Math.max(longest, datagram.length);
    parseFrame(datagram);
  });
  return {
    name: "serial deframer",
    corpus: datagrams.flatMap((d) => [encodeSerialFrame("data", d), encodeSerialFrame("reset", hostArq.resetBytes)]),
    share: 5,
    run(input) {
      const cut = input.length >> 1;
      deframer.push(input.subarray(0, cut));
      deframer.push(input.subarray(cut));
      require(longest <= hostArq.headerBytes + 8 * hostArq.maxWords, `datagram of ${longest} bytes`);
    },
  };
}

/** One decoder lives on, as in a link that goes on after an error; a fresh one must agree with the columns. */
function words(direction: "to" | "from"): Target {
  const isTo = direction === "to";
  const fresh = () =>
    isTo
      ? createToFpgaDecoder(silent<ToFpgaSink>(toFpgaMessages))
      : createFromFpgaDecoder(silent<FromFpgaSink>(fromFpgaMessages));
  const lasting = fresh();
  const columns = makeMessageColumns(4096);
  return {
    name: `words ${direction} FPGA`,
    corpus: isTo ? toFpga : fromFpga,
    share: 6,
    run(input) {
      tagOf(() => lasting.push(input));
      const decoder = fresh();
      let count = 0;
      const bySink = tagOf(() => decoder.push(input));
      const byColumns = tagOf(() => {
        count = isTo ? unpackToFpga(input, columns) : unpackFromFpga(input, columns);
      });
      // A message cut at the end waits in the decoder; columns have nobody to wait.
      const isCut = !isTo && bySink === undefined && byColumns === "FrameTruncated";
      require(isCut || bySink === byColumns, `${bySink} and ${byColumns}`);
      if (byColumns === undefined) require(decoder.messageCount === count, `${decoder.messageCount} and ${count}`);
    },
  };
}

const hostArqTarget: Target = {
  name: "HostARQ frames",
  corpus: datagrams,
  share: 6,
  run(input) {
    const frame = parseFrame(input);
    if (frame.kind === "invalid") return;
    const again = frame.kind === "ack" ? encodeAckFrame(frame.ack) : encodeDataFrame(frame);
    require(Buffer.compare(again, input) === 0, "a frame does not survive");
  },
};

const registers: Target = {
  name: "registers",
  corpus: [new Uint8Array(40), new Uint8Array(40).fill(255), initProgram.subarray(0, 40)],
  share: 2,
  run(input) {
    const container = allContainers[(input[0] ?? 0) % allContainers.length] as (typeof allContainers)[number];
    const values = new Uint32Array(10);
    for (let i = 1; i < Math.min(41, input.length); i++) values[(i - 1) >> 2]! += (input[i] as number) << (8 * (i & 3));
    const fields = container.decode(values);
    container.describe(container.coordinate.at(values[9]! % container.coordinate.size), fields);
    tagOf(() => void container.encode(fields));
  },
};

const program = initProgram.subarray(0, 60 * 8);
const text = disassemble(program);
const utf8 = new TextDecoder();
const statements = text.split("\n").filter((line) => line !== "");
const assembler: Target = {
  name: "assembler",
  corpus: [text.slice(0, 1200), ...statements.slice(0, 40)].map((line) => new TextEncoder().encode(`${line}\n`)),
  share: 0.7,
  run(input) {
    const source = utf8.decode(input);
    const assembled = assemble(source);
    const isExact = (): void =>
      require(Buffer.compare(assemble(disassemble(assembled)), assembled) === 0, "text is not exact");
    require(tagOf(isExact) === undefined, "its own text is refused");
  },
};

const disassembler: Target = {
  name: "disassembler",
  corpus: [program.subarray(0, 240), ...toFpga.slice(2)],
  share: 0.3,
  run(input) {
    const whole = input.subarray(0, input.length & ~7).subarray(0, 400);
    const isExact = (): void =>
      require(Buffer.compare(assemble(disassemble(whole)), whole) === 0, "words are not exact");
    require(tagOf(isExact) === undefined, "its own text is refused");
  },
};

const capture = new Uint8Array(
  readFileSync(new URL("../vectors/captures/official-client-clean.pcapng", import.meta.url)),
);
const listener = { onBoard() {}, onDatagram() {} };
const captures: Target = {
  name: "pcapng reader",
  corpus: [capture.subarray(0, 1500), capture.subarray(0, 900), capture.subarray(0, 400)],
  share: 3,
  run(input) {
    const reader = new CaptureReader("capture", listener);
    const cut = input.length >> 1;
    reader.push(input.subarray(0, cut));
    reader.push(input.subarray(cut));
    reader.end();
  },
};

export function targets(): readonly Target[] {
  return [
    deframing(),
    words("to"),
    words("from"),
    hostArqTarget,
    registers,
    captures,
    explaining(datagrams),
    assembler,
    disassembler,
  ];
}

/** A stream of random numbers for each target. */
export function rngOf(target: Target, seed: number): Rng {
  return Rng.fromSeed(seed).fork(target.name);
}
