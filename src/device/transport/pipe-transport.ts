/**
 * Datagrams over a byte pipe (serial line, worker thread): every datagram travels in a frame of `protocol/serial-frame`,
 * which marks its end, checks it and names its port. Damaged frames are dropped and counted, as a wire would.
 */
import type { BytePipe } from "../../base/pipe.js";
import type { DatagramPort } from "../../protocol/host-arq.js";
import { encodeSerialFrame, SerialDeframer } from "../../protocol/serial-frame.js";
import type { DatagramTransport } from "./transport.js";

export class PipeTransport implements DatagramTransport {
  readonly url: string;
  readonly #pipe: BytePipe;
  readonly #deframer: SerialDeframer;
  #receive: (datagram: Uint8Array) => void = () => {};
  #writes: Promise<void> = Promise.resolve();

  constructor(url: string, pipe: BytePipe) {
    this.url = url;
    this.#pipe = pipe;
    this.#deframer = new SerialDeframer((port, datagram) => {
      if (port === "data") this.#receive(datagram);
    });
    pipe.onData((chunk) => this.#deframer.push(chunk));
  }

  send(port: DatagramPort, datagram: Uint8Array): void {
    const write = this.#pipe.write(encodeSerialFrame(port, datagram));
    // A failed write shows as the pipe's close; here it only ends the wait.
    this.#writes = write.catch(() => {});
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onClose(listener: (error?: Error) => void): void {
    this.#pipe.onClose(listener);
  }

  drained(): Promise<void> {
    return this.#writes;
  }

  close(): Promise<void> {
    return this.#pipe.close();
  }
}
