/** What the explainer says of sessions that went wrong, and of files that are no sessions. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isHxError } from "../../src/base/errors.js";
import { CaptureWriter, type DatagramDirection } from "../../src/protocol/capture/capture-writer.js";
import { depths } from "../../src/protocol/explain/item.js";
import {
  createFromFpgaEncoder,
  createToFpgaEncoder,
  encodeAckFrame,
  encodeDataFrame,
  type FromFpgaSink,
  hostArq,
  packetType,
  type ToFpgaSink,
} from "../../src/protocol/index.js";
import { type Explained, explain, problems, texts } from "./explain.js";

type Step = readonly [DatagramDirection, Uint8Array, ("data" | "reset")?];

/** A capture of these datagrams, 1 ms apart. */
function captureOf(steps: readonly Step[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  const board = new CaptureWriter("test", (block) => blocks.push(block)).board("virtual:?chip=1");
  for (const [i, [direction, bytes, port = "data"]] of steps.entries())
    board.datagram(direction, port, bytes, 1_000_000_000n + BigInt(i) * 1_000_000n);
  return new Uint8Array(Buffer.concat(blocks));
}

const reset: Step = ["toBoard", hostArq.resetBytes, "reset"];

function ask(seq: number, build: (words: ToFpgaSink) => void, ack = 255): Step {
  const encoder = createToFpgaEncoder();
  build(encoder);
  return ["toBoard", encodeDataFrame({ ack, seq, type: packetType.utMessages, payload: encoder.take() })];
}
function reply(seq: number, build: (words: FromFpgaSink) => void, ack = 0): Step {
  const encoder = createFromFpgaEncoder();
  build(encoder);
  return ["toHost", encodeDataFrame({ ack, seq, type: packetType.utMessages, payload: encoder.take() })];
}
const readCell = (words: ToFpgaSink): void => words.omnibusAddress(0x140000, true, 0xf);
const halt = (words: ToFpgaSink | FromFpgaSink): void => words.loopback(false);

describe("a timeout", () => {
  const session = captureOf([
    ask(0, (words) => {
      words.omnibusAddress(0x8800_0009, false, 0xf);
      words.omnibusData(12_500);
      readCell(words);
      words.omnibusAddress(0x140001, true, 0xf);
      halt(words);
    }),
    reply(0, (words) => {
      words.timeoutNotification(2, 3, 1);
      words.omnibusData(77);
      halt(words);
    }),
  ]);

  it("names the stuck instruction, and gives later answers to the right reads", () => {
    const lines = texts(explain(session, "conversation"));
    expect(lines).toContain("read CapMemCell n0.v_reset = 77, after 1.00 ms @ 0.016 us");
    const [timeout, unanswered] = problems(explain(session, "conversation"));
    expect([timeout?.problem, unanswered?.text.trim()]).toEqual([
      "instruction 2 (read CapMemCell n0.v_leak) took longer than the instruction timeout; 1 reads were in flight, trace stalls 3",
      "read CapMemCell n0.v_leak",
    ]);
  });

  it("is told with the registers, too", () => {
    expect(problems(explain(session, "registers")).map(({ text }) => text)).toEqual([
      "timeout",
      "no answer: CapMemCell n0.v_leak",
    ]);
  });
});

describe("a link that loses frames", () => {
  it("shows what overtook what, and what came again", () => {
    const first = ask(0, readCell);
    const second = ask(1, halt);
    const session = captureOf([reset, ["toHost", encodeAckFrame(255)], second, first, second, reply(0, halt, 1)]);
    expect(problems(explain(session, "frames")).map(({ origin, problem }) => [origin.packet, problem])).toEqual([
      [3, "overtakes seq 0, which is missing"],
      [5, "resend 1 of packet 3, 2.00 ms later; no acknowledgement came"],
      [6, "from before the reset: the host ignores it"],
    ]);
  });

  it("says that the capture lacks frames when they are acknowledged unseen", () => {
    const explained = explain(captureOf([ask(0, readCell), ask(2, halt), reply(0, halt, 2)]), "registers");
    expect(problems(explained).map(({ text }) => text)).toContain("frames are missing");
    expect(explained.error).toBeUndefined();
  });

  it("is told when the reset has no answer", () => {
    const [again] = problems(explain(captureOf([reset, reset]), "conversation"));
    expect(again?.problem).toBe("no answer for 1.00 ms");
  });
});

describe("another version of the protocol", () => {
  const word = (...bytes: number[]): Uint8Array => Uint8Array.of(...bytes, ...new Uint8Array(8 - bytes.length));
  const frame = (direction: DatagramDirection, type: number, payload: Uint8Array): Step => [
    direction,
    encodeDataFrame({ ack: 255, seq: 0, type, payload }),
  ];

  it.each([
    ["an unknown instruction", frame("toBoard", packetType.utMessages, word(77)), "registers", 0, /opcode 77/],
    ["an unknown instruction", frame("toBoard", packetType.utMessages, word(77)), "instructions", 0, /opcode 77/],
    ["an unknown message", frame("toHost", packetType.utMessages, word(13)), "conversation", 0, /opcode 13/],
    ["an unknown packet type", frame("toBoard", 0x9999, word(0)), "conversation", -4, /packet type 0x9999/],
    [
      "a reset answer with other constants",
      frame("toHost", packetType.config, new Uint8Array(32)),
      "conversation",
      0,
      /sequence numbers = 0/,
    ],
  ] as const)("%s is refused at its byte (%#)", (_, step, depth, fromPayload, message) => {
    const file = captureOf([step]);
    const { error } = explain(file, depth);
    expect(error?.message).toMatch(message);
    const payloadAt = Buffer.from(file).indexOf(step[1]) + hostArq.headerBytes;
    expect(error?.offset).toBe(payloadAt + fromPayload);
    expect(problems(explain(file, depth))).not.toHaveLength(0);
  });

  it("is not looked for in frames", () => {
    expect(explain(captureOf([frame("toBoard", packetType.utMessages, word(77))]), "frames").error).toBeUndefined();
  });
});

test("a register that is cut by frames is still one", () => {
  const words = createToFpgaEncoder();
  for (let word = 0; word < 10; word++) {
    words.omnibusAddress(0x144000 + word, false, 0xf);
    words.omnibusData(0);
  }
  words.loopback(false);
  const bytes = words.take();
  const whole = (cut: number): Explained =>
    explain(
      captureOf(
        [bytes.subarray(0, cut), bytes.subarray(cut)].map((payload, seq) => {
          return ["toBoard", encodeDataFrame({ ack: 255, seq, type: packetType.utMessages, payload })];
        }),
      ),
      "registers",
    );
  for (let cut = 8; cut < bytes.length; cut += 8) {
    expect(whole(cut).items.filter(({ kind }) => kind === "write")).toHaveLength(1);
  }
});

test("samples carry chip time, and are counted in a conversation", () => {
  const session = captureOf([
    ask(0, halt),
    reply(0, (words) => {
      words.systime(1000);
      words.madcPack3(0x10_0064, 0x12_00c8, 0x14_012c);
      halt(words);
    }),
  ]);
  // FPGA time 1001 = 0x3e9: its upper bits are 896; stamps 16, 18, 20 are 8, 9, 10 cycles.
  const samples = explain(session, "instructions").items.find(({ data }) => data.name === "madcPack3");
  expect(samples?.data.chipTimes4ns).toEqual([1808, 1810, 1812]);
  expect(texts(explain(session, "conversation"))).toContain(
    "3 MADC samples, chip 7.232..7.248 us, 100..300 LSB, mean 200.0",
  );
});

test("whatever a session holds, nothing is thrown but what is typed, and every item can be shown", () => {
  const payload = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc
        .tuple(fc.nat(15), fc.uint8Array({ minLength: 7, maxLength: 7 }))
        .map(([op, rest]) => Uint8Array.of(op, ...rest)),
    ),
    { minLength: 1, maxLength: 12 },
  );
  const type = fc.constantFrom(
    packetType.utMessages,
    packetType.utMessages,
    packetType.config,
    packetType.loopback,
    0x9999,
  );
  const data = fc.tuple(fc.nat(255), fc.nat(4), type, payload).map(([ack, seq, kind, words]) => {
    return encodeDataFrame({ ack, seq, type: kind, payload: new Uint8Array(Buffer.concat(words)) });
  });
  const step = fc.tuple(
    fc.constantFrom<DatagramDirection>("toBoard", "toHost"),
    fc.oneof({ weight: 8, arbitrary: data }, { weight: 2, arbitrary: fc.uint8Array({ maxLength: 30 }) }),
    fc.constantFrom("data" as const, "data" as const, "data" as const, "reset" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), fc.boolean(), (steps, withReset) => {
      const file = captureOf(withReset ? [reset, ...steps] : steps);
      for (const depth of depths) {
        try {
          const { items, error } = explain(file, depth);
          JSON.stringify(items);
          if (error) expect(error.offset).toBeLessThan(file.length);
        } catch (error) {
          expect(isHxError(error, "CaptureInvalid")).toBe(true);
        }
      }
    }),
    { seed: 24, numRuns: 1500 },
  );
});
