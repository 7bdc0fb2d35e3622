/**
 * A serial line as a byte pipe. Modem lines are not touched: pseudo terminals refuse them. The port's `error` is always
 * listened to, since an unheard one would end the process, and the loss of the device becomes one typed error.
 */
import { SerialPort, type SerialPortMock } from "serialport";
import type { BytePipe } from "../../base/pipe.js";
import { Disconnected } from "../errors.js";

export interface SerialAddress {
  readonly path: string;
  /** Bits per second. */
  readonly baud: number;
}

type Port = SerialPort | SerialPortMock;
type PortClass = new (options: { path: string; baudRate: number; autoOpen: boolean }) => Port;

/**
 * @param Port class of the package that opens the port; its mock in tests
 * @throws Disconnected when the port is missing, locked or refused
 */
export async function openSerialPipe(
  url: string,
  address: SerialAddress,
  Port: PortClass = SerialPort,
): Promise<BytePipe> {
  const port = new Port({ path: address.path, baudRate: address.baud, autoOpen: false });
  const pipe = new SerialPipe(url, port);
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error) reject(new Disconnected(url, error.message, { cause: error }));
      else resolve();
    });
  });
  return pipe;
}

class SerialPipe implements BytePipe {
  readonly #url: string;
  readonly #port: Port;
  readonly #early: Uint8Array[] = [];
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #closeListener: ((error?: Error) => void) | undefined;
  #closeError: Error | undefined;
  #isClosed = false;
  #drained: Promise<void> | undefined;
  #endDrain: () => void = () => {};

  constructor(url: string, port: Port) {
    this.#url = url;
    this.#port = port;
    port.on("data", (chunk: Uint8Array) => {
      if (this.#listener === undefined) this.#early.push(chunk);
      else this.#listener(chunk);
    });
    port.on("drain", () => this.#endDrain());
    port.on("error", (error: Error) => this.#gone(this.#disconnected(error.message, error)));
    port.on("close", (error?: (Error & { disconnected?: boolean }) | null) => {
      this.#gone(error ? this.#disconnected(error.message, error) : undefined);
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#port.write(bytes)) {
      this.#drained ??= new Promise<void>((resolve) => {
        this.#endDrain = () => {
          this.#drained = undefined;
          resolve();
        };
      });
    }
    await this.#drained;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
    for (const chunk of this.#early.splice(0)) listener(chunk);
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
    if (this.#isClosed) listener(this.#closeError);
  }

  async close(): Promise<void> {
    if (!this.#port.isOpen) return;
    await new Promise<void>((resolve) => this.#port.close(() => resolve()));
    this.#gone();
  }

  #disconnected(why: string, cause: Error): Disconnected {
    return new Disconnected(this.#url, why, { cause });
  }

  #gone(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeError = error;
    this.#endDrain();
    this.#closeListener?.(error);
  }
}
