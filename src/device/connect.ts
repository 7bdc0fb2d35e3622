/**
 * Makes a device of a wire: opens the link, reads who is there, and hands out exclusive sessions. Which wire it is, and
 * what stands at its other end, is not known here.
 */
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import { Rng } from "../base/rng.js";
import { DeviceBusy, Disconnected, LinkClosed } from "./errors.js";
import { readBoardId } from "./identity.js";
import { initProgram } from "./init-program.js";
import type { Device, DeviceIdentity, OpenSessionOptions, Session } from "./interface/index.js";
import { ArqLink } from "./link/arq-link.js";
import type { ArqCounters, ArqOptions } from "./link/arq-options.js";
import { Builder } from "./playback/builder.js";
import type { DecoderCounters } from "./playback/decoder.js";
import { takeProgram } from "./playback/program.js";
import type { RawDevice } from "./playback/raw-answer.js";
import { ProgramRunner } from "./playback/runner.js";
import { ProgramSession } from "./session.js";
import type { DatagramTransport } from "./transport/transport.js";

export interface ConnectOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
  /** Draws the words of the loopback check. */
  readonly rng?: Rng;
  readonly arq?: Partial<ArqOptions>;
  /** How long the board may take to its first answer, when it has to start first; ms. */
  readonly startLimitMs?: number;
  /** How long a stopped program may take to its halt before the link is reset, ms. */
  readonly quietMs?: number;
}

/** Health of the link since it was opened. */
export interface LinkHealth {
  readonly arq: Readonly<ArqCounters>;
  readonly answers: Readonly<DecoderCounters>;
}

/**
 * Open the link on a transport and find out who answers. The transport belongs to the device from here on, also when
 * this fails.
 * @throws LinkTimeout, UnsupportedTarget, Disconnected, NotificationReceived, signal.reason
 */
export async function connectDevice(transport: DatagramTransport, options: ConnectOptions): Promise<ConnectedDevice> {
  const { clock, logger, signal, rng = Rng.fromSeed(0), arq = {}, quietMs, startLimitMs } = options;
  const link = new ArqLink(transport, { clock, logger, rng, arq });
  const runner = new ProgramRunner(link, quietMs === undefined ? { clock, logger } : { clock, logger, quietMs });
  try {
    const bitfileInfo = await runner.open({ signal, resetLimitMs: startLimitMs });
    const boardId = await readBoardId(runner, clock, signal);
    return new ConnectedDevice({ url: transport.url, boardId, bitfileInfo }, link, runner, clock);
  } catch (error) {
    await link.close();
    throw error;
  }
}

export class ConnectedDevice implements Device {
  readonly identity: DeviceIdentity;
  readonly #link: ArqLink;
  readonly #runner: ProgramRunner;
  readonly #clock: Clock;
  #session: ProgramSession | undefined;
  #closing: Promise<void> | undefined;

  constructor(identity: DeviceIdentity, link: ArqLink, runner: ProgramRunner, clock: Clock) {
    this.identity = identity;
    this.#link = link;
    this.#runner = runner;
    this.#clock = clock;
  }

  get health(): LinkHealth {
    return { arq: this.#link.counters, answers: this.#runner.counters };
  }

  /**
   * @param options `bare` leaves board and chip as they are: for whoever wants to look at what the initialisation would
   * hide; default false
   */
  async openSession({ signal, bare = false }: OpenSessionOptions & { readonly bare?: boolean } = {}): Promise<Session> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw new LinkClosed(this.identity.url);
    if (this.#session !== undefined) throw new DeviceBusy(this.identity.url);
    const session = new ProgramSession({
      identity: this.identity,
      runner: this.#runner,
      clock: this.#clock,
      onClosed: () => {
        this.#session = undefined;
      },
    });
    this.#session = session;
    try {
      if (this.#runner.lost !== undefined) await this.#reopen(signal);
      if (!bare) await session.reinit(signal === undefined ? {} : { signal });
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * Take the device to run the words of others (docs/gateway.md). Unlike a session, nothing is initialised.
   * @throws DeviceBusy, LinkClosed
   */
  openRaw(): RawDevice {
    if (this.#closing !== undefined) throw new LinkClosed(this.identity.url);
    if (this.#session !== undefined) throw new DeviceBusy(this.identity.url);
    const runner = this.#runner;
    return {
      identity: this.identity,
      initWords: takeProgram(initProgram(new Builder(this.#clock))).words,
      runRaw: async (words, options) => {
        if (runner.lost !== undefined) await this.#reopen(options.signal);
        return await runner.runRaw(words, options);
      },
      get lost() {
        return runner.lost;
      },
      close: () => this.close(),
    };
  }

  /** Open the link anew. @throws Disconnected when another board answers, whatever hangs on the wire by now */
  async #reopen(signal: AbortSignal | undefined): Promise<void> {
    await this.#runner.open({ signal });
    const boardId = await readBoardId(this.#runner, this.#clock, signal);
    const { url, boardId: expected } = this.identity;
    if (boardId === expected) return;
    await this.close();
    throw new Disconnected(url, `board ${boardId} answers instead of board ${expected}`);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#session?.close();
    await this.#link.close();
  }
}
