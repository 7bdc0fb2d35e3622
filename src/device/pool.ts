/**
 * Several boards of one kind as one device. A chain of programs, from one `reinit` to the next, goes to the board with the
 * fewest chains before it; a board that fails is quarantined, and who called may run the chain again on another. What a
 * board is, and how it is reached, is not known here.
 */
import { type HxError, isHxError } from "../base/errors.js";
import { LinkClosed, UnsupportedTarget } from "./errors.js";
import type {
  Device,
  DeviceIdentity,
  OpenSessionOptions,
  PlaybackProgram,
  PlaybackProgramBuilder,
  ReinitOptions,
  RunOptions,
  RunResult,
  Session,
} from "./interface/index.js";

/** @param url of all of them together; default: theirs, one after the other @throws UnsupportedTarget when they are not of one kind */
export function poolDevices(devices: readonly Device[], url?: string): Device {
  const [first] = devices;
  if (first === undefined) throw new UnsupportedTarget("no device", "a pool needs one or more");
  for (const { identity } of devices) {
    if (identity.bitfileInfo !== first.identity.bitfileInfo)
      throw new UnsupportedTarget(identity.url, `it is not of the same kind as ${first.identity.url}: other bitfile`);
  }
  return devices.length === 1 ? first : new PooledDevice(devices, first.identity, url);
}

class PooledDevice implements Device {
  readonly identity: DeviceIdentity;
  readonly #devices: readonly Device[];

  constructor(devices: readonly Device[], { bitfileInfo }: DeviceIdentity, url: string | undefined) {
    this.#devices = devices;
    // Virtual boards of one chip are one board as far as recordings go.
    const ids = new Set(devices.map(({ identity }) => identity.boardId));
    const urls = devices.map(({ identity }) => identity.url).join(" ");
    this.identity = { url: url ?? urls, boardId: [...ids].sort().join("+"), bitfileInfo };
  }

  async openSession(options: OpenSessionOptions = {}): Promise<Session> {
    const opened = await Promise.allSettled(this.#devices.map((device) => device.openSession(options)));
    const sessions = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = opened.find((one) => one.status === "rejected");
    if (failed === undefined) return new PooledSession(this.identity, sessions);
    await Promise.all(sessions.map((session) => session.close()));
    throw failed.reason;
  }

  async close(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.close()));
  }
}

interface Board {
  readonly session: Session;
  /** Programs that were given to it and are not over. */
  outstanding: number;
  chains: number;
  failure: HxError | undefined;
}

export class PooledSession implements Session {
  readonly identity: DeviceIdentity;
  readonly #boards: readonly Board[];
  #chain: Board;
  readonly #retriable = new WeakSet<object>();

  /** @param sessions one or more, one per board */
  constructor(identity: DeviceIdentity, sessions: readonly Session[]) {
    this.identity = identity;
    this.#boards = sessions.map((session) => ({ session, outstanding: 0, chains: 0, failure: undefined }));
    this.#chain = this.#boards[0] as Board;
  }

  get lanes(): number {
    return Math.max(
      1,
      this.#healthy.reduce((sum, { session }) => sum + (session.lanes ?? 1), 0),
    );
  }
  get #healthy(): readonly Board[] {
    return this.#boards.filter(({ failure }) => failure === undefined);
  }

  /** What a reader of the results must know: which boards failed. */
  get notices(): readonly string[] {
    return this.#boards.flatMap(({ session, failure, chains }) =>
      failure === undefined
        ? []
        : [
            `board ${session.identity.url} was quarantined after ${chains} chains of programs (${failure.message}); its work went to the others`,
          ],
    );
  }

  program(): PlaybackProgramBuilder {
    return this.#chain.session.program();
  }

  /** Begin a chain: what is run from here on goes to the same board. */
  reinit(options: ReinitOptions = {}): Promise<void> {
    const [idlest] = [...this.#healthy].sort((a, b) => a.outstanding - b.outstanding || a.chains - b.chains);
    if (idlest !== undefined) {
      this.#chain = idlest;
      idlest.chains++;
    }
    return this.#on(this.#chain, (session) => session.reinit(options));
  }

  run(program: PlaybackProgram, options: RunOptions = {}): Promise<RunResult> {
    return this.#on(this.#chain, (session) => session.run(program, options));
  }

  mayRetry(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#retriable.has(error) && this.#healthy.length > 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.#boards.map(({ session }) => session.close()));
  }

  async #on<T>(board: Board, use: (session: Session) => Promise<T>): Promise<T> {
    if (board.failure !== undefined) throw this.#again(board.failure);
    board.outstanding++;
    try {
      return await use(board.session);
    } catch (error) {
      if (!isBoardsFault(error)) throw error;
      if (board.failure === undefined) {
        board.failure = error;
        // What waits there ends at once, and goes elsewhere.
        void board.session.close();
      }
      throw this.#again(error);
    } finally {
      board.outstanding--;
    }
  }

  #again(error: HxError): HxError {
    this.#retriable.add(error);
    return error;
  }
}

/** A stuck instruction would be stuck on the next board too. */
function isBoardsFault(error: unknown): error is HxError {
  if (error instanceof LinkClosed) return true;
  return isHxError(error) && error.failure === "device" && error._tag !== "NotificationReceived";
}
