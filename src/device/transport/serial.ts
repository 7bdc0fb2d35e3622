/**
 * A serial line as a byte pipe. The port is locked for one owner. Modem lines are touched only where the URL asks for
 * it: pseudo-terminals refuse them. The port's `error` is always listened to, since an unheard one would end the
 * process, and the loss of the device becomes one typed error.
 */
import { SerialPort, type SerialPortMock } from "serialport";
import type { BytePipe } from "../../base/pipe.js";
import { DeviceBusy, Disconnected } from "../errors.js";
import { keepWaits } from "./serial-poller.js";

export interface SerialAddress {
  /** Where the port is: its path, or the serial number of the converter, wherever the system has put it today. */
  readonly path?: string;
  readonly id?: string;
  /** Bits per second. */
  readonly baud: number;
  /** Levels for the DTR and RTS lines; not given: left alone. */
  readonly dtr?: boolean;
  readonly rts?: boolean;
}

type Port = SerialPort | SerialPortMock;
interface PortClass {
  new (options: { path: string; baudRate: number; autoOpen: boolean }): Port;
  list(): Promise<readonly { readonly path: string; readonly serialNumber?: string | undefined }[]>;
}

/**
 * @param Port class of the package that opens the port; its mock in tests
 * @throws DeviceBusy when another process has it; Disconnected when the port is missing or refused
 */
export async function openSerialPipe(
  url: string,
  address: SerialAddress,
  Port: PortClass = SerialPort,
): Promise<BytePipe> {
  const path = address.path ?? (await pathOf(url, address.id ?? "", Port));
  const port = new Port({ path, baudRate: address.baud, autoOpen: false });
  const pipe = new SerialPipe(url, port);
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (!error) resolve();
      else if (/cannot lock/i.test(error.message)) reject(new DeviceBusy(url, "another process has the port open"));
      else reject(new Disconnected(url, error.message, { cause: error }));
    });
  });
  keepWaits(port);
  const { dtr, rts } = address;
  if (dtr === undefined && rts === undefined) return pipe;
  try {
    await setLines(port, { ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) });
    return pipe;
  } catch (cause) {
    await pipe.close();
    const why = `the port has no modem lines to set (${(cause as Error).message}); leave dtr and rts out of the URL`;
    throw new Disconnected(url, why, { cause });
  }
}

function setLines(port: Port, lines: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => port.set(lines, (error) => (error ? reject(error) : resolve())));
}

/** @throws Disconnected naming the serial numbers that are there */
async function pathOf(url: string, id: string, Port: PortClass): Promise<string> {
  const ports = await Port.list();
  const found = ports.find(({ serialNumber }) => serialNumber === id);
  if (found !== undefined) return found.path;
  const numbers = ports.flatMap(({ serialNumber }) => serialNumber ?? []);
  const there = numbers.length === 0 ? "none is plugged in" : `plugged in: ${numbers.join(", ")}`;
  throw new Disconnected(url, `no port of a converter with serial number ${id}; ${there}`);
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
    if (this.#port.isOpen) await new Promise<void>((resolve) => this.#port.close(() => resolve()));
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
    // A port that has failed is not closed by itself, and would keep its lock.
    if (error !== undefined && this.#port.isOpen) this.#port.close(() => {});
  }
}
