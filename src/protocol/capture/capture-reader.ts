/**
 * The HostARQ datagrams in a capture, ours or one of the official client made with other tools: whatever is UDP on the
 * ports of the protocol, with board and direction. Other packets are passed over; a file without any is refused.
 */
import { type DatagramPort, hostArq } from "../host-arq.js";
import { parseFrame } from "../host-arq-frame.js";
import type { DatagramDirection } from "./capture-writer.js";
import { CaptureInvalid } from "./errors.js";
import { type CapturedPacket, type CaptureInterface, PcapngReader } from "./pcapng-reader.js";
import { findUdp, type UdpDatagram } from "./udp-packet.js";

export interface CapturedDatagram {
  /** Number of the packet in the file, from 1. */
  readonly packet: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Boards in the order of their first datagram, from 0. */
  readonly board: number;
  readonly direction: DatagramDirection;
  /** Port of the board. */
  readonly port: DatagramPort;
  /** A view that is only good during the call. */
  readonly bytes: Uint8Array;
  /** Bytes that the recording has left out at the end. */
  readonly missing: number;
  /** Where the bytes stand in the file. */
  readonly offset: number;
  readonly comment: string;
}

/** Where a board was seen. */
export interface CapturedBoard {
  readonly board: number;
  /** Name of the interface: the device's URL in captures of ours. */
  readonly name: string;
  readonly address: string;
}

export interface CaptureListener {
  onBoard(board: CapturedBoard): void;
  onDatagram(datagram: CapturedDatagram): void;
}

/** Boards in one file. Our choice: bounds what a forged file can make us remember. */
const maxBoards = 1024;
const legalTraffic = `HostARQ: UDP on the board's ports ${hostArq.dataPort} and ${hostArq.resetPort}`;

export class CaptureReader {
  readonly #source: string;
  readonly #listener: CaptureListener;
  readonly #reader: PcapngReader;
  readonly #boards = new Map<string, number>();
  readonly #ended = new Set<number>();
  #firstPacketAt: number | undefined;
  /** The first datagram on our ports that is no frame, until one is. */
  #firstForeignAt: number | undefined;
  #frames = 0;

  constructor(source: string, listener: CaptureListener) {
    this.#source = source;
    this.#listener = listener;
    this.#reader = new PcapngReader(source, {
      onPacket: (packet) => this.#packet(packet),
      onStatistics: ({ id }) => void this.#ended.add(id),
    });
  }

  /** The recording has come to its orderly end on every interface. */
  get isComplete(): boolean {
    const { interfaces } = this.#reader;
    return interfaces.length > 0 && interfaces.every(({ id }) => this.#ended.has(id));
  }

  /** @throws CaptureInvalid */
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  /**
   * The file ends here.
   * @returns a file that ends inside a block; all before it was read
   * @throws CaptureInvalid when there was no HostARQ in it
   */
  end(): CaptureInvalid | undefined {
    const cut = this.#reader.end();
    if (this.#frames > 0) return cut;
    if (this.#firstForeignAt !== undefined)
      throw new CaptureInvalid(
        this.#source,
        this.#firstForeignAt,
        "not one datagram on the ports is a frame",
        legalTraffic,
      );
    if (cut !== undefined) throw cut;
    const { packetCount } = this.#reader;
    const layers = new Set(this.#reader.interfaces.map(({ linkType }) => linkType));
    const what =
      packetCount === 0
        ? "no packets"
        : `none of ${packetCount} packets is HostARQ (link types ${[...layers].join(", ")})`;
    throw new CaptureInvalid(this.#source, this.#firstPacketAt ?? 0, what, legalTraffic);
  }

  #packet(packet: CapturedPacket): void {
    this.#firstPacketAt ??= packet.offset;
    const udp = findUdp(packet.interface.linkType, packet.data);
    if (udp === undefined) return;
    const route = routeOf(udp, packet.direction);
    if (route === undefined) return;
    const { direction, port } = route;
    const offset = packet.offset + udp.at;
    const missing = udp.length - udp.payload.length;
    const isFrame = port === "reset" ? isReset(udp.payload) : parseFrame(udp.payload).kind !== "invalid";
    if (isFrame) this.#frames++;
    else this.#firstForeignAt ??= offset;
    const address = direction === "toBoard" ? udp.toAddress : udp.fromAddress;
    this.#listener.onDatagram({
      packet: packet.number,
      time: packet.time,
      board: this.#boardAt(packet.interface, address, offset),
      direction,
      port,
      bytes: udp.payload,
      missing,
      offset,
      comment: packet.comment,
    });
  }

  #boardAt(seenOn: CaptureInterface, address: string, offset: number): number {
    const key = `${seenOn.id} ${address}`;
    const known = this.#boards.get(key);
    if (known !== undefined) return known;
    const board = this.#boards.size;
    if (board === maxBoards)
      throw new CaptureInvalid(this.#source, offset, `board ${address} is one too many`, `up to ${maxBoards} boards`);
    this.#boards.set(key, board);
    this.#listener.onBoard({ board, name: seenOn.name, address });
    return board;
  }
}

const boardPorts = new Map<number, DatagramPort>([
  [hostArq.dataPort, "data"],
  [hostArq.resetPort, "reset"],
]);

/** The datagram that asks a board to reset its end of the link. */
export function isReset(bytes: Uint8Array): boolean {
  return bytes.length === hostArq.resetBytes.length && hostArq.resetBytes.every((byte, i) => byte === bytes[i]);
}

/** Which way a datagram went; undefined when neither end has a port of a board. */
function routeOf(
  { fromPort, toPort }: UdpDatagram,
  flagged: CapturedPacket["direction"],
): { readonly direction: DatagramDirection; readonly port: DatagramPort } | undefined {
  const [to, from] = [boardPorts.get(toPort), boardPorts.get(fromPort)];
  if (to !== undefined && (from === undefined || flagged !== "inbound")) return { direction: "toBoard", port: to };
  return from === undefined ? undefined : { direction: "toHost", port: from };
}
