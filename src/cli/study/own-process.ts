/**
 * A process of ours under one command line, started again as often as it is wanted and killed without a warning: what
 * studies of crashes are made of. Knows processes, not what they do.
 */
import { type ChildProcess, spawn } from "node:child_process";

export interface Ending {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** The last of what it said on stderr. */
  readonly text: string;
}

/** Characters of stderr that are kept for messages. */
const keptText = 2000;

export class OwnProcess {
  readonly #args: readonly string[];
  readonly #cwd: string;
  #child: ChildProcess | undefined;
  #gone: Promise<Ending> = Promise.resolve({ code: 0, text: "" });
  #hasEnded = true;
  #text = "";

  /** @param args script and arguments for Node */
  constructor(args: readonly string[], cwd: string) {
    this.#args = args;
    this.#cwd = cwd;
  }

  /** How the process that was started last ended, once it has. */
  get gone(): Promise<Ending> {
    return this.#gone;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it said last on stderr. */
  get lastLine(): string {
    return this.#text.trimEnd().split("\n").at(-1) ?? "";
  }

  /** Begin; returns at once. */
  start(): void {
    const child = spawn(process.execPath, this.#args, { cwd: this.#cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.#hasEnded = false;
    this.#text = "";
    child.stderr.on("data", (chunk) => {
      this.#text = `${this.#text}${chunk}`.slice(-keptText);
    });
    child.stdout.resume();
    this.#child = child;
    this.#gone = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        this.#hasEnded = true;
        resolve({ code, text: this.#text });
      });
    });
  }

  /** Begin, and wait for its first line on stdout, with which it says that it is ready. */
  async startReady(): Promise<string> {
    this.start();
    const first = new Promise<string>((resolve) => {
      this.#child?.stdout?.once("data", (chunk) => resolve(String(chunk)));
    });
    const early = this.#gone.then(({ text }) => {
      throw new Error(`${this.#args.join(" ")} ended before it was ready: ${text}`);
    });
    return Promise.race([first, early]);
  }

  /** SIGKILL, and wait until it is gone. @returns false when it had ended by itself */
  async kill(): Promise<boolean> {
    const sent = this.#child?.kill("SIGKILL") ?? false;
    const { code } = await this.#gone;
    return sent && code === null;
  }
}
