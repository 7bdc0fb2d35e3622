/**
 * Records what goes over a transport, both directions, before the driver or the wire sees it. Transparent: a recording
 * changes neither order nor timing of what is sent, and a recorder that fails records no more but harms nobody.
 * Where the record goes, the recorder knows.
 */
import type { DatagramDirection } from "../../protocol/capture/capture-writer.js";
import type { DatagramPort } from "../../protocol/host-arq.js";
import type { DatagramTransport } from "./transport.js";

/** Takes the datagrams of one board. */
export interface DatagramRecorder {
  /** @param bytes are only good during the call */
  datagram(direction: DatagramDirection, port: DatagramPort, bytes: Uint8Array): void;
  /** Who the board is, once it is known. */
  identify(text: string): void;
  /** The transport is closed. */
  end(): void;
}

/** Takes the recordings of several boards. */
export interface CaptureSink {
  /** @param url of the device */
  board(url: string): DatagramRecorder;
}

export class RecordingTransport implements DatagramTransport {
  readonly url: string;
  readonly #transport: DatagramTransport;
  readonly #recorder: DatagramRecorder;
  #hasEnded = false;

  constructor(transport: DatagramTransport, recorder: DatagramRecorder) {
    this.url = transport.url;
    this.#transport = transport;
    this.#recorder = recorder;
  }

  get isCongested(): boolean {
    return this.#transport.isCongested === true;
  }

  send(port: DatagramPort, datagram: Uint8Array): void {
    this.#recorder.datagram("toBoard", port, datagram);
    this.#transport.send(port, datagram);
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#transport.onDatagram((datagram) => {
      this.#recorder.datagram("toHost", "data", datagram);
      receive(datagram);
    });
  }

  onClose(listener: (error?: Error) => void): void {
    this.#transport.onClose(listener);
  }

  drained(): Promise<void> {
    return this.#transport.drained();
  }

  async close(): Promise<void> {
    await this.#transport.close();
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#recorder.end();
  }
}
