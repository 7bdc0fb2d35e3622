/**
 * Messages of mixed kinds as columns: opcode and up to three numbers, the arguments of the sink's method in their order.
 * The form for streams of millions of messages: no object and no call per message. Tables say where each number lies in
 * the message, so that packing has no branch per kind; a test holds them to the sinks.
 *
 * Two methods do not fit as they are: jtagData to the FPGA has c = bits | keepResponse << 8, systime has a = low 32 bits,
 * b = high 11 bits.
 */
import { FrameTruncated, ReservedValue, UnknownHeader } from "../errors.js";
import { messagesOf } from "./define-message.js";
import { fromFpgaMessages, shiftableBits, toFpgaMessages } from "./dictionary.js";

export interface MessageColumns {
  readonly op: Uint8Array;
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly c: Uint32Array;
}

/** Columns with room for `count` messages. */
export function makeMessageColumns(count: number): MessageColumns {
  const column = (): Uint32Array => new Uint32Array(count);
  return { op: new Uint8Array(count), a: column(), b: column(), c: column() };
}

/** A number of some bits, and how far left it stands in its half of the message. */
interface Place {
  readonly mask: number;
  readonly left: number;
  /** Lowest bit of the number that stands here. */
  readonly from: number;
}
type Half = { readonly [Column in "a" | "b" | "c"]?: Place };
interface Layout {
  readonly high?: Half;
  readonly low?: Half;
}

function bits(width: number, left = 0, from = 0): Place {
  return { mask: 0xffff_ffff >>> (32 - width), left, from };
}

const toFpgaLayouts: Readonly<Record<keyof typeof toFpgaMessages, Layout>> = {
  jtagInit: {},
  jtagScaler: { low: { a: bits(8) } },
  jtagIns: { low: { a: bits(7) } },
  jtagData: { high: { a: bits(1), c: bits(9, 8) }, low: { b: bits(32) } },
  timingSetup: {},
  waitUntil: { low: { a: bits(32) } },
  systimeInit: { low: { a: bits(1) } },
  barrier: { low: { a: bits(5) } },
  pollingOmnibusBlock: { low: { a: bits(1) } },
  systemReset: { low: { a: bits(1) } },
  loopback: { low: { a: bits(1) } },
  omnibusAddress: { high: { b: bits(1, 4), c: bits(4) }, low: { a: bits(32) } },
  omnibusData: { low: { a: bits(32) } },
  spikePack1: { low: { a: bits(16) } },
  spikePack2: { low: { a: bits(16, 16), b: bits(16) } },
  spikePack3: { high: { a: bits(16) }, low: { b: bits(16, 16), c: bits(16) } },
};

const pack1: Layout = { low: { a: bits(24) } };
const pack2: Layout = { high: { a: bits(16, 0, 8) }, low: { a: bits(8, 24), b: bits(24) } };
const pack3: Layout = { high: { a: bits(24) }, low: { b: bits(24, 8), c: bits(8, 0, 16) } };

const fromFpgaLayouts: Readonly<Record<keyof typeof fromFpgaMessages, Layout>> = {
  jtagData: { high: { a: bits(1) }, low: { b: bits(32) } },
  omnibusData: { low: { a: bits(32) } },
  loopback: { low: { a: bits(1) } },
  highspeedLinkNotification: { low: { a: bits(8) } },
  timeoutNotification: { high: { b: bits(7), c: bits(6, 7) }, low: { a: bits(32) } },
  systime: { high: { b: bits(11) }, low: { a: bits(32) } },
  sysdelta: { low: { a: bits(8) } },
  madcPack1: pack1,
  madcPack2: pack2,
  madcPack3: pack3,
  spikePack1: pack1,
  spikePack2: pack2,
  spikePack3: pack3,
};

/**
 * The layouts as a row of `rowLength` numbers per opcode: mask and left shift of a, b, c in the upper half, then in the
 * lower; 12 the header, 13 lowest bit of a in the upper half, 14 of c in the lower half, 15 bytes of the message.
 */
type Table = Int32Array;
const rowLength = 16;

function tableOf(dictionary: Readonly<Record<string, unknown>>, layouts: Readonly<Record<string, Layout>>): Table {
  const messages = messagesOf(dictionary);
  const table = new Int32Array(rowLength * messages.length);
  for (const { name, opcode, messageBits } of messages) {
    const layout = layouts[name];
    const row = table.subarray(rowLength * opcode, rowLength * (opcode + 1));
    [layout?.high, layout?.low].forEach((half, i) => {
      (["a", "b", "c"] as const).forEach((column, j) => {
        const { mask, left } = half?.[column] ?? { mask: 0, left: 0 };
        row.set([mask, left], 6 * i + 2 * j);
      });
    });
    row.set([opcode << 24, layout?.high?.a?.from ?? 0, layout?.low?.c?.from ?? 0, messageBits / 8], 12);
  }
  return table;
}
const toFpgaTable = tableOf(toFpgaMessages, toFpgaLayouts);
const fromFpgaTable = tableOf(fromFpgaMessages, fromFpgaLayouts);

function packColumns(
  table: Table,
  { op, a, b, c }: MessageColumns,
  first: number,
  end: number,
  view: DataView,
  start: number,
): number {
  let at = start;
  for (let i = first; i < end; i++) {
    const row = (op[i] as number) * rowLength;
    const x = a[i] as number;
    const y = b[i] as number;
    const z = c[i] as number;
    const high =
      (table[row + 12] as number) |
      (((x >>> (table[row + 13] as number)) & (table[row] as number)) << (table[row + 1] as number)) |
      ((y & (table[row + 2] as number)) << (table[row + 3] as number)) |
      ((z & (table[row + 4] as number)) << (table[row + 5] as number));
    const low =
      ((x & (table[row + 6] as number)) << (table[row + 7] as number)) |
      ((y & (table[row + 8] as number)) << (table[row + 9] as number)) |
      (((z >>> (table[row + 14] as number)) & (table[row + 10] as number)) << (table[row + 11] as number));
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
    // The end of an 80-bit message; after a shorter one the next message overwrites it.
    view.setUint16(at + 8, z);
    at += table[row + 15] as number;
  }
  return at;
}

/**
 * Write the messages `first` .. `end - 1` into a buffer; numbers are cut to the width of their field.
 * @param view with room for 8 bytes per message and 2 more @returns where the last message ends
 */
export function packToFpga(columns: MessageColumns, first: number, end: number, view: DataView, at: number): number {
  return packColumns(toFpgaTable, columns, first, end, view, at);
}
/**
 * Write the messages `first` .. `end - 1` into a buffer, without a comma at their end; numbers are cut to the width of
 * their field. @param view with room for 10 bytes per message and 2 more @returns where the last message ends
 */
export function packFromFpga(columns: MessageColumns, first: number, end: number, view: DataView, at: number): number {
  return packColumns(fromFpgaTable, columns, first, end, view, at);
}

/** Put the numbers of the message with header and payload `high`, `low` and last 16 bits `tail` into the columns. */
function unpack(table: Table, out: MessageColumns, i: number, high: number, low: number, tail: number): void {
  const opcode = high >>> 24;
  const row = opcode * rowLength;
  out.op[i] = opcode;
  out.a[i] =
    (((high >>> (table[row + 1] as number)) & (table[row] as number)) << (table[row + 13] as number)) |
    ((low >>> (table[row + 7] as number)) & (table[row + 6] as number));
  out.b[i] =
    ((high >>> (table[row + 3] as number)) & (table[row + 2] as number)) |
    ((low >>> (table[row + 9] as number)) & (table[row + 8] as number));
  out.c[i] =
    ((high >>> (table[row + 5] as number)) & (table[row + 4] as number)) |
    (((low >>> (table[row + 11] as number)) & (table[row + 10] as number)) << (table[row + 14] as number)) |
    tail;
}

const toFpgaJtagData = toFpgaMessages.jtagData.opcode;
const { min: fewestBits, max: mostBits } = shiftableBits;

/**
 * Decode instruction words. @param out columns with room for a message per word @returns number of messages
 * @throws UnknownHeader, ReservedValue, FrameTruncated
 */
export function unpackToFpga(bytes: Uint8Array, out: MessageColumns): number {
  if (bytes.length % 8 !== 0) throw new FrameTruncated("instruction words", bytes.length, "a multiple of 8");
  const count = toFpgaTable.length / rowLength;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let n = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    const high = view.getUint32(at);
    const opcode = high >>> 24;
    if (opcode >= 0x80) continue;
    if (opcode >= count) throw new UnknownHeader("to-FPGA", n, opcode, count);
    unpack(toFpgaTable, out, n, high, view.getUint32(at + 4), 0);
    if (opcode === toFpgaJtagData) {
      const shifted = (out.c[n] as number) & 0xff;
      if (shifted < fewestBits || shifted > mostBits)
        throw new ReservedValue("jtagData.bits", shifted, `${fewestBits}..${mostBits}`);
    }
    n++;
  }
  return n;
}

/**
 * Decode words from the FPGA, from the start of a message to the end of one. @param out columns with room for a message
 * per word @returns number of messages
 * @throws UnknownHeader, FrameTruncated
 */
export function unpackFromFpga(bytes: Uint8Array, out: MessageColumns): number {
  if (bytes.length % 8 !== 0) throw new FrameTruncated("words from the FPGA", bytes.length, "a multiple of 8");
  const count = fromFpgaTable.length / rowLength;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let n = 0;
  for (let at = 0; at < bytes.length; ) {
    const opcode = view.getUint8(at);
    if (opcode >= 0x80) {
      at = (at + 8) & ~7;
      continue;
    }
    if (opcode >= count) throw new UnknownHeader("from-FPGA", n, opcode, count);
    const length = fromFpgaTable[opcode * rowLength + 15] as number;
    if (at + length > bytes.length) throw new FrameTruncated(`from-FPGA message ${n}`, bytes.length - at, `${length}`);
    const tail = length > 8 ? view.getUint16(at + 8) : 0;
    unpack(fromFpgaTable, out, n, view.getUint32(at), view.getUint32(at + 4), tail);
    at += length;
    n++;
  }
  return n;
}
