import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { dissectorSource } from "../../src/protocol/dissector/index.js";
import { nameAt, nameTree } from "../../src/protocol/dissector/name-tree.js";
import {
  allContainers,
  createFromFpgaEncoder,
  createToFpgaEncoder,
  encodeAckFrame,
  encodeDataFrame,
  fromFpgaMessages,
  hostArq,
  makeMessageColumns,
  messagesOf,
  packetType,
  toFpgaMessages,
} from "../../src/protocol/index.js";
import { hxloop } from "../cli/run-hxloop.js";
import { expectAgreement } from "./agreement.js";
import { capFile, captureFixture, type Datagram, hasTshark, named, parsePdml, tshark } from "./support.js";

test("every message, container and field of the tables occurs in the dissector", () => {
  const source = dissectorSource();
  for (const message of [...messagesOf(toFpgaMessages), ...messagesOf(fromFpgaMessages)]) {
    expect(source).toContain(`{name="${message.name}",`);
    for (const field of Object.keys(message.fields)) expect(source).toContain(`{name="${field}",`);
  }
  for (const container of allContainers) {
    expect(source).toContain(`{name="${container.name}",bus="${container.bus}"`);
    for (const field of container.fields) expect(source).toContain(`{name="${field.name}",`);
  }
});

test("hxloop dissector prints it", async () => {
  const { code, stdout } = await hxloop(["dissector"], tmpdir());
  expect(code).toBe(0);
  expect(stdout.trimEnd()).toBe(dissectorSource().trimEnd());
});

const coordinates = new Map(allContainers.map(({ coordinate }) => [coordinate.name, coordinate]));
test.each([...coordinates])("the folded names of %s are its names", (_, coordinate) => {
  const texts = Array.from({ length: coordinate.size }, (_, i) => coordinate.format(coordinate.at(i)));
  const tree = nameTree(texts);
  const step = Math.max(1, Math.floor(coordinate.size / 500));
  for (let i = 0; i < coordinate.size; i += step) expect(nameAt(tree, i)).toBe(texts[i]);
});

/** A conversation with messages of every kind, in frames whose ends cut messages. */
function randomConversation(seed: number): Datagram[] {
  const rng = Rng.fromSeed(seed);
  const count = 1500;
  const columns = (kinds: number, isTo: boolean) => {
    const made = makeMessageColumns(count);
    for (let i = 0; i < count; i++) {
      made.op[i] = rng.int(kinds);
      made.a[i] = rng.nextUint32();
      made.b[i] = rng.nextUint32();
      made.c[i] = isTo && made.op[i] === toFpgaMessages.jtagData.opcode ? 3 + rng.int(31) : rng.nextUint32();
    }
    return made;
  };
  const answers = createFromFpgaEncoder();
  answers.messages(columns(13, false));
  const instructions = createToFpgaEncoder();
  // Writes and reads that hit registers of every container, so that there is something to name.
  for (const container of allContainers.filter((c) => c.bus === "omnibus")) {
    const at = container.coordinate.at(rng.int(container.coordinate.size));
    for (const address of container.addresses(at)) {
      instructions.omnibusAddress(address, false, 0xf);
      instructions.omnibusData(rng.nextUint32());
      instructions.omnibusAddress(address, true, 0xf);
    }
  }
  const jtag = (instruction: number, data: number, bits: number): void => {
    instructions.jtagIns(instruction);
    instructions.jtagData(0, data, bits, false);
  };
  for (const address of [0x80000, 0x80004, 0x40000]) {
    jtag(5, address, 33);
    jtag(6, rng.nextUint32(), 32);
    jtag(7, 0, 3);
  }
  const reset: Datagram = { toBoard: true, port: "reset", bytes: hostArq.resetBytes };
  const config = encodeDataFrame({ ack: 255, seq: 0, type: packetType.config, payload: new Uint8Array(40) });
  const datagrams: Datagram[] = [reset, { toBoard: false, port: "data", bytes: config }];
  const send = (words: Uint8Array, toBoard: boolean, first: number): void => {
    let seq = first;
    for (let at = 0; at < words.length; ) {
      const payload = words.subarray(at, at + 8 * (1 + rng.int(hostArq.maxWords)));
      at += payload.length;
      const bytes = encodeDataFrame({ ack: 0, seq: seq++ % 256, type: packetType.utMessages, payload });
      datagrams.push({ toBoard, port: "data", bytes });
    }
  };
  const random = createToFpgaEncoder();
  random.messages(columns(11, true));
  send(instructions.take(), true, 0);
  send(answers.take(), false, 1);
  send(random.take(), true, datagrams.filter((d) => d.toBoard).length - 1);
  return datagrams;
}

function frame(toBoard: boolean, seq: number, ack: number, ...words: bigint[]): Datagram {
  const payload = new Uint8Array(8 * words.length);
  words.forEach((word, i) => {
    new DataView(payload.buffer).setBigUint64(8 * i, word);
  });
  return {
    toBoard,
    port: "data",
    bytes: encodeDataFrame({ ack, seq, type: packetType.utMessages, payload }),
  };
}
const sysdelta = (n: number): bigint => (6n << 56n) | BigInt(n);

describe.skipIf(!hasTshark)("in tshark", { timeout: 60_000 }, () => {
  test("the official client's capture is explained as our decoders do", () => {
    const { packets, frames } = expectAgreement(captureFixture("official-client-clean.pcapng"));
    expect(packets).toHaveLength(46);
    const messages = frames.filter((f) => f.kind === "new").flatMap((f) => f.messages);
    expect(messages.filter((m) => m.registers.some((r) => r.container.name === "CapMemCell")).length).toBeGreaterThan(
      1000,
    );
    expect(packets.flatMap((packet) => findAll(packet, /^bss2\.(unknown|reserved|unasked)/))).toEqual([]);
    const [answer] = named(packets[1], "hostarq");
    expect(named(answer, "hostarq.config.info")[0]?.show).toContain("compatible_until: 2");
  });

  test("a capture of ours is explained as our decoders do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hxloop-dissector-"));
    try {
      writeFileSync(
        join(folder, "p.hxasm"),
        "write CapMemCell n17.v_reset = 512\nbarrier omnibus\nread MadcConfig chip\n",
      );
      const args = ["run", "p.hxasm", "--device", "virtual:?chip=1", "--capture", "c.pcapng"];
      expect(await hxloop(args, folder)).toMatchObject({ code: 0 });
      const { frames } = expectAgreement(readFileSync(join(folder, "c.pcapng")));
      const registers = frames.flatMap((f) => f.messages).flatMap((m) => m.registers);
      const texts = registers.map(({ access, container, at }) => `${access} ${container.name} ${at}`);
      expect(texts).toEqual(expect.arrayContaining(["write CapMemCell n17.v_reset", "answer MadcConfig chip"]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("the official client's lossy capture: every resend is named", () => {
    const capture = captureFixture("official-client-lossy.pcapng");
    const { packets, frames } = expectAgreement(capture);
    const again = frames.filter((f) => f.kind === "again").length;
    const noted = packets.filter((p) => findAll(p, /^hostarq\.(retransmission|duplicate)$/).length > 0);
    expect(again).toBeGreaterThan(5);
    expect(noted).toHaveLength(again);
    const twoPasses = tshark(capture, "-2", "-T", "pdml");
    expect(parsePdml(twoPasses)).toEqual(packets);
  });

  test.each([1, 2])("random messages in frames that cut them, seed %i", (seed) => {
    const { frames } = expectAgreement(capFile(randomConversation(seed)));
    const messages = frames.flatMap((f) => f.messages);
    expect(new Set(messages.map((m) => m.name)).size).toBe(23);
    const seen = new Set(messages.flatMap((m) => m.registers.map((r) => r.container.name)));
    const missing = allContainers.filter((c) => c.bus === "omnibus" && !seen.has(c.name)).map((c) => c.name);
    expect(missing).toEqual([]);
  });

  test("chip times of events are the driver's", () => {
    // Time 1000, then a spike stamped 0x10 (cycles 8, on time) and one stamped 0xff (127 cycles: one range earlier).
    const words = [(5n << 56n) | 1000n, (10n << 56n) | 0x10_1234n, (10n << 56n) | 0xff_0001n];
    const capture = capFile([frame(false, 0, 0, ...words)]);
    const times = parsePdml(tshark(capture, "-T", "pdml")).flatMap((p) => findAll(p, /^bss2\.chip_time$/));
    expect(times.map((t) => t.show)).toEqual([String(2 * (896 + 8)), String(2 * (896 + 127 - 128) + 1)]);
  });

  test("gaps, resends and duplicates are told apart", () => {
    const capture = capFile([
      frame(false, 0, 255, sysdelta(1)),
      frame(false, 2, 255, sysdelta(3)),
      frame(false, 1, 255, sysdelta(2)),
      frame(false, 2, 255, sysdelta(3)),
      { toBoard: true, port: "data", bytes: encodeAckFrame(2) },
      frame(true, 0, 2, (10n << 56n) | 1n),
      frame(false, 2, 255, sysdelta(3)),
    ]);
    const info = (...args: string[]) =>
      tshark(capture, ...args, "-T", "fields", "-e", "_ws.col.Info", "-e", "bss2.fpga_time")
        .trimEnd()
        .split("\n");
    const [one, early, two, resent, , , duplicate] = info("-2");
    expect(one).toMatch(/sysdelta\t2$/);
    expect(early).toMatch(/\[gap before it\].*\t9$/);
    expect(two).toMatch(/\t5$/);
    expect(resent).toMatch(/\[retransmission of frame 2\].*\t9$/);
    expect(duplicate).toMatch(/\[duplicate of frame 2\].*\t9$/);
    expect(info()[1]).toMatch(/\[gap before it\]\t$/);
    expect(tshark(capture, "-q", "-z", "expert")).toMatch(/expected 1, this is 2/);
  });

  test("what is no frame or no message is marked", () => {
    const capture = capFile([
      { toBoard: true, port: "data", bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      { toBoard: true, port: "data", bytes: Uint8Array.of(0, 0, 1, 0) },
      { toBoard: true, port: "reset", bytes: Uint8Array.of(1) },
      frame(true, 0, 255, 0x7fn << 56n),
      frame(true, 1, 255, (0x0bn << 56n) | 0x7000_0000n | (0x1fn << 32n), (3n << 56n) | (2n << 40n)),
      frame(false, 0, 255, (1n << 56n) | 5n, (1n << 56n) | 6n),
    ]);
    const marks = parsePdml(tshark(capture, "-T", "pdml")).map((p) =>
      findAll(p, /^(hostarq|bss2)\.(bad|unknown|reserved|unasked)/).map((n) => n.name.replace(/^.*?\./, "")),
    );
    expect(marks).toEqual([
      ["bad_length"],
      ["bad_number"],
      ["bad_length"],
      ["unknown_opcode"],
      ["unknown_address", "reserved_value"],
      ["unknown_address", "unasked"],
    ]);
  });

  test("other ports can be set", () => {
    const { toBoard, bytes } = frame(true, 0, 255, (10n << 56n) | 1n);
    const moved = Buffer.from(capFile([{ toBoard, port: "data", bytes }]));
    moved.writeUInt16BE(5555, 24 + 38);
    const messages = (...args: string[]) => tshark(moved, ...args, "-T", "fields", "-e", "bss2.message").trim();
    expect(messages()).toBe("");
    expect(messages("-o", "hostarq.data_ports:5555")).toBe("loopback");
  });
});

function findAll(node: { readonly name: string; readonly children: readonly unknown[] }, name: RegExp) {
  const found: { readonly name: string; readonly show: string }[] = [];
  const visit = (n: typeof node & { readonly show?: string }): void => {
    if (name.test(n.name)) found.push({ name: n.name, show: n.show ?? "" });
    for (const child of n.children) visit(child as typeof node);
  };
  visit(node);
  return found;
}
