/**
 * What the host's link machine needs of a wire: datagrams to and from the two ports of a board. UDP offers it as it is;
 * byte pipes (serial, worker) offer it through `protocol/serial-frame` (COBS, CRC-32C). A transport may lose, duplicate
 * and reorder; it never changes a datagram's content.
 */
import type { DatagramPort } from "../../protocol/host-arq.js";

export interface DatagramTransport {
  readonly url: string;
  /**
   * Send one datagram. Its bytes are the caller's: once the board has acknowledged it they become those of another, so a
   * transport that keeps datagrams for later copies them. Never throws for a full wire.
   */
  send(port: DatagramPort, datagram: Uint8Array): void;
  /** Set the one receiver of datagrams that come from the data port. */
  onDatagram(receive: (datagram: Uint8Array) => void): void;
  /** Called once when the transport is gone. */
  onClose(listener: (error?: Error) => void): void;
  /** Resolves when the wire can take more. */
  drained(): Promise<void>;
  /** True while the wire holds so much that resending would only add to it. Absent: never. */
  readonly isCongested?: boolean;
  close(): Promise<void>;
}
