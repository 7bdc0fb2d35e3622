/**
 * The board on a pseudo-terminal, as a board behind a serial line is reached. When a fault pulls the cable, the terminal
 * is gone with its link, and comes back after a while, as an adapter that is plugged in again.
 */
import { deferred, sleep } from "../../src/base/async.js";
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { type PipeListener, serveBoardOnPipe } from "./pipe.js";
import { openPseudoTerminal, type PseudoTerminal } from "./pseudo-terminal.js";

/** How long the cable is out, ms. Our choice. */
const outageMs = 2000;

export interface SerialListener {
  /** Where hosts open it. */
  readonly path: string;
  readonly tool: PseudoTerminal["tool"];
  readonly counters: PipeListener["counters"] & { readonly unplugged: number };
  /** Rejects when the terminal is gone and cannot be made again; never resolves. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

/** @throws AddressTaken, PseudoTerminalMissing, FieldOutOfRange for an imperfection outside 0..10 */
export async function serveBoardOnTerminal(
  options: VirtualBoardOptions,
  clock: Clock,
  link: string,
): Promise<SerialListener> {
  const ended = deferred<never>();
  ended.promise.catch(() => {});
  let isClosed = false;
  let unplugged = 0;
  let faultSeed = options.faultSeed ?? 0;
  let terminal = await openPseudoTerminal(link, clock);
  let listener = serve(terminal.pipe);

  function serve(pipe: BytePipe): PipeListener {
    const serving = serveBoardOnPipe({ ...pipe, onClose: () => {} }, { ...options, faultSeed }, clock);
    pipe.onClose(() => {
      serving.close();
      if (!isClosed) plugIn().catch(ended.reject);
    });
    return serving;
  }
  /** The faults go on with other numbers, or the same one would pull the cable again at once. */
  async function plugIn(): Promise<void> {
    unplugged++;
    faultSeed++;
    await terminal.pipe.close();
    await sleep(clock, outageMs);
    if (isClosed) return;
    terminal = await openPseudoTerminal(link, clock);
    listener = serve(terminal.pipe);
  }
  return {
    path: terminal.path,
    tool: terminal.tool,
    get counters() {
      return { ...listener.counters, unplugged };
    },
    ended: ended.promise,
    async close() {
      isClosed = true;
      listener.close();
      await terminal.pipe.close();
    },
  };
}
