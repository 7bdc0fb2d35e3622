/**
 * A recording of HostARQ as pcapng: each board is an interface, each datagram a UDP packet on the ports of the protocol.
 * Serial and in-process links get the same made-up addresses as UDP, so that one dissector reads all of them
 * (docs/decisions/006). Gives bytes; where they go is not known here.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { type DatagramPort, hostArq } from "../host-arq.js";
import { packetDirection } from "./pcapng.js";
import { interfaceBlock, packetBlock, sectionBlock, statisticsBlock } from "./pcapng-writer.js";
import { ipv4UdpBytes, UdpPacketWriter } from "./udp-packet.js";

/** Addresses for documentation (RFC 5737), which no real host has. */
const network = "192.0.2";
const hostNumber = 1;
const firstBoardNumber = 2;
/** One interface per address that is left in the network. */
export const maxBoards = 254 - firstBoardNumber + 1;
/** The first of the ports that are given out on demand. */
const hostPort = 49_152;

export type DatagramDirection = "toBoard" | "toHost";

/** Records the datagrams of one board. */
export class BoardCapture {
  readonly #id: number;
  readonly #write: (block: Uint8Array) => void;
  readonly #toBoard: Readonly<Record<DatagramPort, UdpPacketWriter>>;
  readonly #toHost: Readonly<Record<DatagramPort, UdpPacketWriter>>;
  #comment: string | undefined;
  #packets = 0;
  #start: bigint | undefined;

  /** @param id number of the interface @param write receives whole blocks */
  constructor(id: number, url: string, write: (block: Uint8Array) => void) {
    if (id >= maxBoards) throw new FieldOutOfRange("boards in one capture", id + 1, `1..${maxBoards}`);
    this.#id = id;
    this.#write = write;
    const host = { address: `${network}.${hostNumber}`, port: hostPort };
    const board = (port: DatagramPort) => ({ address: `${network}.${firstBoardNumber + id}`, port: portNumber[port] });
    this.#toBoard = {
      data: new UdpPacketWriter(host, board("data")),
      reset: new UdpPacketWriter(host, board("reset")),
    };
    this.#toHost = { data: new UdpPacketWriter(board("data"), host), reset: new UdpPacketWriter(board("reset"), host) };
    const description =
      "HostARQ datagrams as the host sent and received them; IP addresses and the host's port are made up";
    write(interfaceBlock({ name: url, description }));
  }

  /** A remark that goes with the next datagram, for example who the board is. */
  comment(text: string): void {
    this.#comment = this.#comment === undefined ? text : `${this.#comment}\n${text}`;
  }

  /** @param time nanoseconds since 1970 @param bytes are copied */
  datagram(direction: DatagramDirection, port: DatagramPort, bytes: Uint8Array, time: bigint): void {
    const isOut = direction === "toBoard";
    const writer = (isOut ? this.#toBoard : this.#toHost)[port];
    const head = {
      interface: this.#id,
      time,
      direction: isOut ? packetDirection.outbound : packetDirection.inbound,
      ...(this.#comment === undefined ? {} : { comment: this.#comment }),
    };
    this.#comment = undefined;
    this.#start ??= time;
    const id = this.#packets++;
    this.#write(
      packetBlock(head, ipv4UdpBytes + bytes.length, (into, at, view) => writer.write(bytes, id, into, at, view)),
    );
  }

  /** The orderly end. @param time nanoseconds since 1970 */
  end(time: bigint): void {
    this.#write(
      statisticsBlock({ interface: this.#id, start: this.#start ?? time, end: time, packets: this.#packets }),
    );
  }
}

const portNumber = { data: hostArq.dataPort, reset: hostArq.resetPort } as const;

/** A file's start, and its boards in order. */
export class CaptureWriter {
  readonly #write: (block: Uint8Array) => void;
  #boards = 0;

  /** @param application name and version of who records @param write receives whole blocks, in order */
  constructor(application: string, write: (block: Uint8Array) => void) {
    this.#write = write;
    write(sectionBlock(application));
  }

  /** @throws FieldOutOfRange for more boards than `maxBoards` */
  board(url: string): BoardCapture {
    return new BoardCapture(this.#boards++, url, this.#write);
  }
}
