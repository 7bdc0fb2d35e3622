/**
 * Reads pcapng as it comes: chunks in, packets out, either byte order, any number of sections and interfaces. Whatever
 * is wrong is refused with the byte where it stands; the memory in use is bounded by the longest legal block. Knows
 * nothing of what the packets mean.
 */
import { Parser } from "binary-parser";
import { CaptureInvalid } from "./errors.js";
import { blockFrameBytes, blockType, byteOrderMagic, classicMagics, maxBlockBytes, option, padded } from "./pcapng.js";

type Endianness = "little" | "big";

function parsersOf(endianness: Endianness) {
  const parser = () => new Parser().endianness(endianness);
  return {
    frame: parser().uint32("type").uint32("length"),
    section: parser().uint32("magic").uint16("major").uint16("minor").uint32("lengthLow").uint32("lengthHigh"),
    interface: parser().uint16("linkType").uint16("reserved").uint32("snapLength"),
    packet: parser()
      .uint32("interface")
      .uint32("timeHigh")
      .uint32("timeLow")
      .uint32("capturedLength")
      .uint32("originalLength"),
    statistics: parser().uint32("interface").uint32("timeHigh").uint32("timeLow"),
    option: parser().uint16("code").uint16("length"),
    word: parser().uint32("value"),
  };
}
const parsers = { little: parsersOf("little"), big: parsersOf("big") } as const;

export interface CaptureInterface {
  /** Number over all sections of the file, from 0. */
  readonly id: number;
  readonly linkType: number;
  readonly name: string;
  readonly description: string;
}

export interface CapturedPacket {
  readonly interface: CaptureInterface;
  /** Number of the packet in the file, from 1, as Wireshark counts. */
  readonly number: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** As flagged by who recorded; undefined when not flagged. */
  readonly direction: "inbound" | "outbound" | undefined;
  /** What was recorded of the packet; a view that is only good during the call. */
  readonly data: Uint8Array;
  /** Length on the wire, bytes. */
  readonly originalLength: number;
  /** Where `data` stands in the file. */
  readonly offset: number;
  readonly comment: string;
}

export interface PcapngListener {
  onPacket(packet: CapturedPacket): void;
  /** The recording on this interface has come to its orderly end. */
  onStatistics(of: CaptureInterface): void;
}

interface Interface extends CaptureInterface {
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

/** A block's option; `at` is its value's place in the block. */
interface FoundOption {
  readonly code: number;
  readonly at: number;
  readonly value: Uint8Array;
}

const legalFile = "a pcapng file (convert others with: editcap -F pcapng IN OUT)";

export class PcapngReader {
  readonly #source: string;
  readonly #listener: PcapngListener;
  /** Bytes of a block that is not whole. */
  #rest = new Uint8Array(0);
  /** Place of `#rest` in the file. */
  #offset = 0;
  #endianness: Endianness | undefined;
  #interfaces: Interface[] = [];
  #interfaceCount = 0;
  #packetCount = 0;

  /** @param source name for messages */
  constructor(source: string, listener: PcapngListener) {
    this.#source = source;
    this.#listener = listener;
  }

  get packetCount(): number {
    return this.#packetCount;
  }
  /** Interfaces of the current section. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  /** Read on. @throws CaptureInvalid; the reader is of no use afterwards */
  push(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    let at = 0;
    for (;;) {
      const length = this.#blockLength(bytes.subarray(at), this.#offset);
      if (length === undefined || at + length > bytes.length) break;
      this.#block(bytes.subarray(at, at + length));
      at += length;
      this.#offset += length;
    }
    this.#rest = bytes.slice(at);
  }

  /** The file ends here. @returns what is missing when it ends inside a block; all before that has been read */
  end(): CaptureInvalid | undefined {
    const have = this.#rest.length;
    if (this.#endianness === undefined)
      return this.#invalid(
        this.#offset,
        have === 0 ? "the file is empty" : `the file ends after ${have} bytes`,
        legalFile,
      );
    if (have === 0) return undefined;
    const length = have < 8 ? undefined : parsers[this.#endianness].frame.parse(this.#rest).length;
    const what = `the last block is cut off: ${have} of ${length ?? "8 or more"} bytes are there`;
    return this.#invalid(this.#offset, what, "whole blocks (what stands before has been read)");
  }

  /** Length of the block that starts here; undefined when too little of it is there. */
  #blockLength(bytes: Uint8Array, offset: number): number | undefined {
    if (this.#endianness === undefined && bytes.length >= 4) {
      const { value } = parsers.little.word.parse(bytes);
      if (classicMagics.includes(value)) throw this.#invalid(offset, "this is a classic pcap file", legalFile);
      if (value !== blockType.section) throw this.#invalid(offset, `starts with ${hex(value)}`, legalFile);
    }
    if (bytes.length < 12) return undefined;
    // A section header reads the same in both orders; its third word tells which one holds.
    if (parsers.little.word.parse(bytes).value === blockType.section) this.#startSection(bytes, offset);
    const { length } = parsers[this.#endianness as Endianness].frame.parse(bytes);
    if (length < blockFrameBytes || length % 4 !== 0 || length > maxBlockBytes)
      throw this.#invalid(
        offset + 4,
        `block length ${length}`,
        `${blockFrameBytes}..${maxBlockBytes}, a multiple of 4`,
      );
    return length;
  }

  #startSection(bytes: Uint8Array, offset: number): void {
    const magic = parsers.little.word.parse(bytes.subarray(8)).value;
    if (magic === byteOrderMagic) this.#endianness = "little";
    else if (parsers.big.word.parse(bytes.subarray(8)).value === byteOrderMagic) this.#endianness = "big";
    else
      throw this.#invalid(offset + 8, `byte-order magic ${hex(magic)}`, `${hex(byteOrderMagic)} in either byte order`);
  }

  #block(bytes: Uint8Array): void {
    const { frame, word } = parsers[this.#endianness as Endianness];
    const { type, length } = frame.parse(bytes);
    const repeated = word.parse(bytes.subarray(length - 4)).value;
    if (repeated !== length)
      throw this.#invalid(
        this.#offset + length - 4,
        `block length ${repeated} at its end`,
        `${length}, as at its start`,
      );
    const body = bytes.subarray(8, length - 4);
    switch (type) {
      case blockType.section:
        this.#section(body);
        return;
      case blockType.interface:
        this.#interface(body);
        return;
      case blockType.enhancedPacket:
        this.#packet(body);
        return;
      case blockType.interfaceStatistics:
        this.#statistics(body);
        return;
      case blockType.packet:
      case blockType.simplePacket:
        throw this.#invalid(
          this.#offset,
          `packet block of type ${type}, without reliable times`,
          "enhanced packet blocks (type 6)",
        );
      default:
        // Blocks of other kinds (names, secrets, private ones) say nothing about packets.
        return;
    }
  }

  #section(body: Uint8Array): void {
    this.#need(body, 16, "section header");
    const { major, minor } = parsers[this.#endianness as Endianness].section.parse(body);
    if (major !== 1) throw this.#invalid(this.#offset + 12, `pcapng version ${major}.${minor}`, "1.x");
    this.#interfaces = [];
  }

  #interface(body: Uint8Array): void {
    this.#need(body, 8, "interface description");
    const { linkType } = parsers[this.#endianness as Endianness].interface.parse(body);
    const found = { name: "", description: "", ticksPerSecond: 1_000_000n, offsetSeconds: 0n };
    for (const { code, at, value } of this.#options(body, 8)) {
      if (code === option.interfaceName) found.name = utf8(value);
      else if (code === option.interfaceDescription) found.description = utf8(value);
      else if (code === option.interfaceResolution) found.ticksPerSecond = this.#resolution(value, at);
      else if (code === option.interfaceTimeOffset && value.length === 8)
        found.offsetSeconds = new DataView(value.buffer, value.byteOffset).getBigInt64(
          0,
          this.#endianness === "little",
        );
    }
    this.#interfaces.push({ id: this.#interfaceCount++, linkType, ...found });
  }

  /** Ticks per second: a power of ten, or of two when the highest bit is set. */
  #resolution(value: Uint8Array, at: number): bigint {
    const [coded = 255] = value;
    const exponent = coded & 0x7f;
    if (value.length !== 1 || exponent > (coded & 0x80 ? 63 : 19))
      throw this.#invalid(
        at,
        `time resolution of ${value.length} bytes, ${coded}`,
        "10^0..10^19 or 2^0..2^63 ticks per second",
      );
    return (coded & 0x80 ? 2n : 10n) ** BigInt(exponent);
  }

  #packet(body: Uint8Array): void {
    this.#need(body, 20, "packet block");
    const head = parsers[this.#endianness as Endianness].packet.parse(body);
    const source = this.#interfaceOf(head.interface);
    const end = 20 + head.capturedLength;
    if (end > body.length)
      throw this.#invalid(
        this.#offset + 20,
        `packet of ${head.capturedLength} bytes`,
        `0..${body.length - 20} in this block`,
      );
    let flags = 0;
    let comment = "";
    for (const { code, value } of this.#options(body, padded(end))) {
      if (code === option.comment) comment = comment === "" ? utf8(value) : `${comment}\n${utf8(value)}`;
      else if (code === option.packetFlags && value.length === 4)
        flags = parsers[this.#endianness as Endianness].word.parse(value).value;
    }
    this.#listener.onPacket({
      interface: source,
      number: ++this.#packetCount,
      time: timeOf(source, head.timeHigh, head.timeLow),
      direction: ([undefined, "inbound", "outbound"] as const)[flags & 3],
      data: body.subarray(20, end),
      originalLength: head.originalLength,
      offset: this.#offset + 8 + 20,
      comment,
    });
  }

  #statistics(body: Uint8Array): void {
    this.#need(body, 12, "interface statistics");
    this.#listener.onStatistics(
      this.#interfaceOf(parsers[this.#endianness as Endianness].statistics.parse(body).interface),
    );
  }

  #interfaceOf(index: number): Interface {
    const found = this.#interfaces[index];
    if (found === undefined)
      throw this.#invalid(
        this.#offset + 8,
        `interface ${index}`,
        `one of the ${this.#interfaces.length} described before`,
      );
    return found;
  }

  *#options(body: Uint8Array, from: number): Generator<FoundOption> {
    for (let at = from; at + 4 <= body.length; ) {
      const { code, length } = parsers[this.#endianness as Endianness].option.parse(body.subarray(at));
      if (code === option.end) return;
      const start = at + 4;
      if (start + length > body.length)
        throw this.#invalid(
          this.#offset + 8 + at,
          `option ${code} of ${length} bytes`,
          `0..${body.length - start} bytes`,
        );
      yield { code, at: this.#offset + 8 + start, value: body.subarray(start, start + length) };
      at = start + padded(length);
    }
  }

  #need(body: Uint8Array, length: number, what: string): void {
    if (body.length < length)
      throw this.#invalid(this.#offset + 4, `${what} of ${body.length} bytes`, `${length} bytes or more`);
  }

  #invalid(offset: number, what: string, legal: string): CaptureInvalid {
    return new CaptureInvalid(this.#source, offset, what, legal);
  }
}

const billion = 1_000_000_000n;

function timeOf({ ticksPerSecond, offsetSeconds }: Interface, high: number, low: number): bigint {
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const fraction = ticksPerSecond === billion ? ticks : (ticks * billion) / ticksPerSecond;
  return fraction + offsetSeconds * billion;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
