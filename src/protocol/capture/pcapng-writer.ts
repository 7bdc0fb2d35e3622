/**
 * Blocks of a pcapng file as bytes, little-endian, time stamps in nanoseconds. Every block is whole, so a file that is
 * cut behind any of them is a valid file. Knows nothing of what the packets mean.
 */
import { blockFrameBytes, blockType, byteOrderMagic, linkType, option, padded } from "./pcapng.js";

const nanoseconds = 9;
const utf8 = new TextEncoder();

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

function text(code: number, value: string): Option {
  return { code, value: utf8.encode(value).subarray(0, 0xffff) };
}

/** A block of a fixed part and options. @param fill writes the fixed part, which starts at byte 8 */
function block(
  type: number,
  fixedBytes: number,
  options: readonly Option[],
  fill: (view: DataView) => void,
): Uint8Array {
  let optionBytes = options.length > 0 ? 4 : 0;
  for (const { value } of options) optionBytes += 4 + padded(value.length);
  const bytes = new Uint8Array(blockFrameBytes + fixedBytes + optionBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  fill(view);
  let at = 8 + fixedBytes;
  for (const { code, value } of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

/** Start of a file. @param application name and version of who writes */
export function sectionBlock(application: string): Uint8Array {
  return block(blockType.section, 16, [text(option.sectionApplication, application)], (view) => {
    view.setUint32(8, byteOrderMagic, true);
    view.setUint16(12, 1, true);
    // Length of the section: not known.
    view.setUint32(16, 0xffff_ffff, true);
    view.setUint32(20, 0xffff_ffff, true);
  });
}

export interface InterfaceText {
  readonly name: string;
  readonly description: string;
}

/** Interfaces are numbered in the order of their blocks, from 0. Packets are bare IP. */
export function interfaceBlock({ name, description }: InterfaceText): Uint8Array {
  const options = [
    text(option.interfaceName, name),
    text(option.interfaceDescription, description),
    { code: option.interfaceResolution, value: Uint8Array.of(nanoseconds) },
  ];
  return block(blockType.interface, 8, options, (view) => view.setUint16(8, linkType.rawIp, true));
}

export interface PacketHead {
  readonly interface: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** One of `packetDirection`. */
  readonly direction: number;
  readonly comment?: string;
}

/** A packet. @param fill writes its `length` bytes at `offset` */
export function packetBlock(
  head: PacketHead,
  length: number,
  fill: (bytes: Uint8Array, offset: number, view: DataView) => void,
): Uint8Array {
  const flags = Uint8Array.of(head.direction, 0, 0, 0);
  const options: Option[] = [{ code: option.packetFlags, value: flags }];
  if (head.comment !== undefined) options.push(text(option.comment, head.comment));
  return block(blockType.enhancedPacket, 20 + padded(length), options, (view) => {
    view.setUint32(8, head.interface, true);
    setTime(view, 12, head.time);
    view.setUint32(20, length, true);
    view.setUint32(24, length, true);
    fill(new Uint8Array(view.buffer), 28, view);
  });
}

export interface InterfaceStatistics {
  readonly interface: number;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** Packets of both directions. */
  readonly packets: number;
}

/** The end of the recording on one interface. */
export function statisticsBlock({ interface: id, start, end, packets }: InterfaceStatistics): Uint8Array {
  const time = (code: number, value: bigint): Option => {
    const bytes = new Uint8Array(8);
    setTime(new DataView(bytes.buffer), 0, value);
    return { code, value: bytes };
  };
  const received = new Uint8Array(8);
  new DataView(received.buffer).setBigUint64(0, BigInt(packets), true);
  const options = [
    time(option.statisticsStart, start),
    time(option.statisticsEnd, end),
    { code: option.statisticsReceived, value: received },
  ];
  return block(blockType.interfaceStatistics, 12, options, (view) => {
    view.setUint32(8, id, true);
    setTime(view, 12, end);
  });
}

/** Times are two words, the upper one first. */
function setTime(view: DataView, at: number, time: bigint): void {
  view.setUint32(at, Number(time >> 32n), true);
  view.setUint32(at + 4, Number(time & 0xffff_ffffn), true);
}
