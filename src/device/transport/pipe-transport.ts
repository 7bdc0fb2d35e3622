/**
 * Datagrams over a byte pipe (serial line, worker thread): every datagram travels in a frame of `protocol/serial-frame`,
 * which marks its end, checks it and names its port. Damaged frames are dropped and counted, as a wire would. What is on
 * the line is bounded by the other end's credit.
 */
import type { Clock } from "../../base/clock.js";
import type { BytePipe } from "../../base/pipe.js";
import type { DatagramPort } from "../../protocol/host-arq.js";
import {
  encodeCredit,
  encodeSerialFrame,
  parseCredit,
  parseMark,
  type SerialChannel,
  SerialDeframer,
} from "../../protocol/serial-frame.js";
import { Disconnected } from "../errors.js";
import { LineSender } from "./line-sender.js";
import type { DatagramTransport } from "./transport.js";

export interface PipeTransportOptions {
  readonly clock: Clock;
  /** Time that one byte takes on the line, ms. Default 0: not known. */
  readonly byteMs?: number;
  /** Whether to look after a line that is quiet; a pipe that tells of its end by itself needs none. Default false. */
  readonly keepAlive?: boolean;
}

/** Bytes from the board that may be on the line: what the buffers of ports and drivers hold together. Our choice. */
const receiveWindowBytes = 65_536;

export class PipeTransport implements DatagramTransport {
  readonly url: string;
  readonly #pipe: BytePipe;
  readonly #deframer: SerialDeframer;
  readonly #sender: LineSender;
  #receive: (datagram: Uint8Array) => void = () => {};
  #closeListener: ((error?: Error) => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(url: string, pipe: BytePipe, { clock, byteMs = 0, keepAlive = false }: PipeTransportOptions) {
    this.url = url;
    this.#pipe = pipe;
    const silence = { onSilence: () => this.#silent() };
    const write = (bytes: Uint8Array): Promise<void> => pipe.write(bytes);
    this.#sender = new LineSender({ clock, byteMs, write, ...(keepAlive ? silence : {}) });
    this.#deframer = new SerialDeframer((channel, payload) => this.#onFrame(channel, payload));
    pipe.onClose((error) => this.#ended(error));
    pipe.onData((chunk) => this.#deframer.push(chunk));
  }

  get isCongested(): boolean {
    return this.#sender.isCongested;
  }

  send(port: DatagramPort, datagram: Uint8Array): void {
    const frame = encodeSerialFrame(port, datagram);
    // A reset begins anew, also where an older conversation has left no credit.
    if (port === "reset") this.#sender.pushUncounted(frame);
    else this.#sender.push(frame);
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
    if (this.#end !== undefined) listener(this.#end.error);
  }

  drained(): Promise<void> {
    return this.#sender.drained();
  }

  async close(): Promise<void> {
    this.#sender.close();
    await this.#pipe.close();
  }

  #onFrame(channel: SerialChannel, payload: Uint8Array): void {
    this.#sender.heard();
    switch (channel) {
      case "data":
        this.#receive(payload);
        return;
      case "mark": {
        const position = parseMark(payload);
        if (position !== undefined) this.#sender.pushUncounted(encodeCredit(position, receiveWindowBytes));
        return;
      }
      case "credit": {
        const credit = parseCredit(payload);
        if (credit !== undefined) this.#sender.credit(credit);
        return;
      }
      case "reset":
        // Only hosts send resets.
        return;
    }
  }

  #silent(): void {
    this.#ended(new Disconnected(this.url, "the device has stopped answering"));
    void this.#pipe.close();
  }

  #ended(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#sender.close();
    this.#closeListener?.(error);
  }
}
