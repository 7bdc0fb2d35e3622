/**
 * IPv4 and UDP headers: written around datagrams that are recorded, found in packets that were captured elsewhere.
 * Source: RFC 791, RFC 768, RFC 8200; link layers: draft-ietf-opsawg-pcaplinktype.
 */
import { linkType } from "./pcapng.js";

export const ipv4UdpBytes = 28;
const udpHeaderBytes = 8;
const udpProtocol = 17;
const etherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;

export interface Endpoint {
  /** IPv4 as text. */
  readonly address: string;
  readonly port: number;
}

function addressBytes(address: string): Uint8Array {
  return Uint8Array.from(address.split("."), Number);
}

/** Sum of big-endian 16-bit words, not folded. */
function sum(bytes: Uint8Array, from: number, to: number, start: number): number {
  let total = start;
  let at = from;
  for (; at + 1 < to; at += 2) total += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (at < to) total += (bytes[at] as number) << 8;
  return total;
}

/** One's complement of the folded sum. */
function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** Writes packets from one endpoint to another; the part of the headers that never changes is made once. */
export class UdpPacketWriter {
  readonly #head = new Uint8Array(ipv4UdpBytes);
  readonly #ipSum: number;
  readonly #pseudoSum: number;

  constructor(from: Endpoint, to: Endpoint) {
    const view = new DataView(this.#head.buffer);
    // Version 4, header of five words, do not fragment, time to live 64.
    this.#head.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, udpProtocol]);
    this.#head.set(addressBytes(from.address), 12);
    this.#head.set(addressBytes(to.address), 16);
    view.setUint16(20, from.port);
    view.setUint16(22, to.port);
    this.#ipSum = sum(this.#head, 0, 20, 0);
    this.#pseudoSum = sum(this.#head, 12, 24, udpProtocol);
  }

  /** Write headers and payload, `ipv4UdpBytes` and the payload's length. @param id numbers the packet */
  write(payload: Uint8Array, id: number, into: Uint8Array, at: number, view: DataView): void {
    into.set(this.#head, at);
    into.set(payload, at + ipv4UdpBytes);
    const length = ipv4UdpBytes + payload.length;
    const udpLength = udpHeaderBytes + payload.length;
    view.setUint16(at + 2, length);
    view.setUint16(at + 4, id & 0xffff);
    view.setUint16(at + 10, checksum(this.#ipSum + length + (id & 0xffff)));
    view.setUint16(at + 24, udpLength);
    const check = checksum(sum(into, at + ipv4UdpBytes, at + length, this.#pseudoSum + 2 * udpLength));
    // Zero means that there is no checksum; the other zero stands for it.
    view.setUint16(at + 26, check === 0 ? 0xffff : check);
  }
}

export interface UdpDatagram {
  /** `address:port`. */
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  /** Address part of `from` and `to`. */
  readonly fromAddress: string;
  readonly toAddress: string;
  /** Where the payload starts in the packet. */
  readonly at: number;
  /** What is there of the payload; a view. */
  readonly payload: Uint8Array;
  /** Bytes that the payload had on the wire. */
  readonly length: number;
}

/** Where the IP header starts in a packet of this link layer; undefined when it holds no IP. */
function ipStart(layer: number, view: DataView): number | undefined {
  switch (layer) {
    case linkType.rawIp:
    case linkType.ipv4:
    case linkType.ipv6:
      return 0;
    case linkType.loopback:
    case linkType.openBsdLoopback:
      return 4;
    case linkType.linuxCooked:
      return ipAfterType(view, 14);
    case linkType.linuxCooked2:
      return ipAfterType(view, 0) === undefined ? undefined : 20;
    case linkType.ethernet: {
      let at = 12;
      while (at + 6 < view.byteLength && isVlan(view.getUint16(at))) at += 4;
      return ipAfterType(view, at);
    }
    default:
      return undefined;
  }
}

const isVlan = (type: number): boolean => type === etherType.vlan || type === etherType.serviceVlan;

function ipAfterType(view: DataView, at: number): number | undefined {
  if (at + 2 > view.byteLength) return undefined;
  const type = view.getUint16(at);
  return type === etherType.ipv4 || type === etherType.ipv6 ? at + 2 : undefined;
}

/** The UDP datagram in a packet; undefined when there is none, or only a fragment. Never throws. */
export function findUdp(layer: number, packet: Uint8Array): UdpDatagram | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const start = ipStart(layer, view);
  if (start === undefined || start + 20 > packet.length) return undefined;
  const version = view.getUint8(start) >>> 4;
  if (version === 4) return findInIpv4(packet, view, start);
  return version === 6 ? findInIpv6(packet, view, start) : undefined;
}

function findInIpv4(packet: Uint8Array, view: DataView, start: number): UdpDatagram | undefined {
  const headerBytes = 4 * (view.getUint8(start) & 0xf);
  const isFragment = (view.getUint16(start + 6) & 0x3fff) !== 0;
  if (headerBytes < 20 || isFragment || view.getUint8(start + 9) !== udpProtocol) return undefined;
  const address = (at: number): string => packet.subarray(at, at + 4).join(".");
  return udpAt(packet, view, start + headerBytes, address(start + 12), address(start + 16));
}

function findInIpv6(packet: Uint8Array, view: DataView, start: number): UdpDatagram | undefined {
  if (start + 40 > packet.length || view.getUint8(start + 6) !== udpProtocol) return undefined;
  const address = (at: number): string =>
    Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16)).join(":");
  return udpAt(packet, view, start + 40, address(start + 8), address(start + 24));
}

function udpAt(
  packet: Uint8Array,
  view: DataView,
  at: number,
  fromAddress: string,
  toAddress: string,
): UdpDatagram | undefined {
  if (at + udpHeaderBytes > packet.length) return undefined;
  const [fromPort, toPort] = [view.getUint16(at), view.getUint16(at + 2)];
  const length = view.getUint16(at + 4) - udpHeaderBytes;
  if (length < 0) return undefined;
  const start = at + udpHeaderBytes;
  return {
    from: `${fromAddress}:${fromPort}`,
    to: `${toAddress}:${toPort}`,
    fromPort,
    toPort,
    fromAddress,
    toAddress,
    at: start,
    payload: packet.subarray(start, start + length),
    length,
  };
}
