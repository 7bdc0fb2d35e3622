/**
 * A pseudo-terminal whose master is a byte pipe and whose slave is found at a path of the caller's choice, as a serial
 * port would be. Hosts may come and go: the slave is held open here, unread, so that the line never hangs up, and raw,
 * so that nothing is echoed or translated. Made by an optional package, else by socat.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  write as writeFile,
} from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { dirname, resolve } from "node:path";
import { SerialPort } from "serialport";
import { sleep } from "../../src/base/async.js";
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { AddressTaken, PseudoTerminalMissing } from "../errors.js";

export interface PseudoTerminal {
  /** The board's end. */
  readonly pipe: BytePipe;
  /** Where hosts open it: an absolute path. */
  readonly path: string;
  /** What has made it. */
  readonly tool: "node-pty" | "socat";
}

/** The master's end, before the link is made. */
interface Master {
  readonly pipe: BytePipe;
  /** Path of the slave. */
  readonly slave: string;
}

/** What node-pty's own types leave out. */
interface NodePty {
  open(options: { encoding: null }): {
    readonly master: Socket;
    readonly slave: Socket;
    readonly ptsName: string;
    readonly fd: number;
  };
}

/** A master that takes no bytes is asked again after this long, ms. */
const fullMs = 1;
/** socat must have made its link after this long, ms. */
const socatLimitMs = 3000;

/**
 * @param link where hosts are to find it; a link whose terminal is gone is replaced
 * @param tools what may make one, the first that can
 * @throws AddressTaken when something is there, or its folder is not; PseudoTerminalMissing when nothing can make one
 */
export async function openPseudoTerminal(
  link: string,
  clock: Clock,
  tools: readonly PseudoTerminal["tool"][] = ["node-pty", "socat"],
): Promise<PseudoTerminal> {
  const path = resolve(link);
  if (!existsSync(dirname(path))) throw new AddressTaken(path, `there is no folder ${dirname(path)} to put it in`);
  clearStale(path);
  const own = tools.includes("node-pty") ? await openWithNodePty(clock) : undefined;
  const { pipe, slave } = own ?? (await openWithSocat(clock, `${path}.${process.pid}`));
  const tool = own ? "node-pty" : "socat";
  try {
    symlinkSync(slave, path);
  } catch (cause) {
    await pipe.close();
    throw new AddressTaken(path, (cause as Error).message, { cause });
  }
  const unlink = (): void => {
    try {
      if (readlinkSync(path) === slave) unlinkSync(path);
    } catch {
      // Somebody has taken it away already.
    }
  };
  // Also when the process ends without closing.
  process.once("exit", unlink);
  const close = async (): Promise<void> => {
    process.off("exit", unlink);
    unlink();
    await pipe.close();
  };
  return { pipe: { ...pipe, close }, path, tool };
}

function clearStale(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (there.isSymbolicLink() && !existsSync(path)) unlinkSync(path);
  else throw new AddressTaken(path, "something is there; remove it, or choose another path");
}

/** Hold the slave open, so that the master never sees a hang-up, and make it raw. @returns its file descriptor */
async function holdRaw(slave: string): Promise<number> {
  const keeper = openSync(slave, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const port = new SerialPort({ path: slave, baudRate: 9600, lock: false, autoOpen: false });
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : port.close(() => done()))));
  return keeper;
}

async function openWithNodePty(clock: Clock): Promise<Master | undefined> {
  let library: NodePty;
  try {
    library = createRequire(import.meta.url)("@lydell/node-pty") as NodePty;
  } catch {
    return undefined;
  }
  const terminal = library.open({ encoding: null });
  const { master, slave, ptsName, fd } = terminal;
  const keeper = await holdRaw(ptsName);
  // The library reads the slave as well, and would take half of the bytes.
  slave.destroy();
  master.pause();
  let onClose: (error?: Error) => void = () => {};
  let isClosed = false;
  const end = (error?: Error): void => {
    if (isClosed) return;
    isClosed = true;
    master.destroy();
    closeSync(keeper);
    onClose(error);
  };
  // Its own listener throws when it is the only one.
  master.removeAllListeners("error").on("error", end);
  const writer = new NonBlockingWriter(fd, clock, () => isClosed);
  const pipe: BytePipe = {
    write: (bytes) => writer.write(bytes),
    onData(listener) {
      master.on("data", (chunk: Uint8Array) => listener(chunk));
      master.resume();
    },
    onClose(listener) {
      onClose = listener;
    },
    async close() {
      end();
    },
  };
  return { pipe, slave: ptsName };
}

/**
 * Writes to a master in order. Not through its stream: that one would hold up the whole process when the terminal is
 * full because nobody reads it.
 */
class NonBlockingWriter {
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #isClosed: () => boolean;
  #last: Promise<void> = Promise.resolve();

  constructor(fd: number, clock: Clock, isClosed: () => boolean) {
    this.#fd = fd;
    this.#clock = clock;
    this.#isClosed = isClosed;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#last = this.#last.then(() => this.#writeAll(bytes));
    return this.#last;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isClosed(); ) {
      const written = await this.#writeSome(bytes, at);
      if (written === "full") await sleep(this.#clock, fullMs);
      else if (written === "gone") return;
      else at += written;
    }
  }

  #writeSome(bytes: Uint8Array, at: number): Promise<number | "full" | "gone"> {
    return new Promise((done) => {
      writeFile(this.#fd, bytes, at, bytes.length - at, null, (error, count) => {
        if (error === null) done(count);
        else done(error.code === "EAGAIN" ? "full" : "gone");
      });
    });
  }
}

/** @throws PseudoTerminalMissing */
async function openWithSocat(clock: Clock, link: string): Promise<Master> {
  const child = spawn("socat", [`pty,raw,echo=0,link=${link}`, "stdio"], { stdio: ["pipe", "pipe", "ignore"] });
  let gone: Error | undefined;
  child.on("error", (error) => {
    gone = error;
  });
  for (let waited = 0; !existsSync(link); waited += 10) {
    if (gone !== undefined || child.exitCode !== null || waited > socatLimitMs) {
      child.kill();
      throw new PseudoTerminalMissing(gone?.message ?? "socat made no terminal");
    }
    await sleep(clock, 10);
  }
  const slave = readlinkSync(link);
  const keeper = await holdRaw(slave);
  const { stdin, stdout } = child;
  let onClose: (error?: Error) => void = () => {};
  child.once("exit", () => {
    closeSync(keeper);
    onClose();
  });
  stdin.on("error", () => child.kill());
  const pipe: BytePipe = {
    async write(bytes) {
      if (!stdin.writable) return;
      if (!stdin.write(bytes)) await Promise.race([once(stdin, "drain"), once(child, "exit")]);
    },
    onData: (listener) => void stdout.on("data", listener),
    onClose(listener) {
      onClose = listener;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
  return { pipe, slave };
}
