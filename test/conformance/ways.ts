/**
 * The ways to a board that the device suite goes, each with a virtual board of its own at the other end. A way starts
 * what it needs, says the URL, and takes everything down again. Another way of reaching a board is another entry.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHxloop } from "../cli/run-hxloop.js";

export interface OpenWay {
  readonly url: string;
  close(): Promise<void>;
}

export interface Way {
  readonly name: string;
  /** Why it cannot be gone on this machine. */
  readonly missing?: string | undefined;
  open(): Promise<OpenWay>;
}

/** Start `hxloop board` and wait for its URL. @param args besides the board's place, for example faults */
export async function startBoard(
  place: "udp" | "serial",
  args: readonly string[] = [],
): Promise<OpenWay & { readonly pid: number }> {
  const cwd = await mkdtemp(join(tmpdir(), "hxloop-board-"));
  const where = place === "udp" ? ["--port", "0", "--reset-port", "0"] : ["--serial", join(cwd, "tty")];
  const board = startHxloop(["board", "--json", ...where, ...args], cwd);
  const { url, pid } = JSON.parse(await board.line(/"state":"ready"/)) as { url: string; pid: number };
  return {
    url,
    pid,
    async close() {
      board.send("SIGTERM");
      const { code, stderr } = await board.outcome;
      await rm(cwd, { recursive: true, force: true });
      if (code !== 0) throw new Error(`hxloop board ended with ${code}: ${stderr}`);
    },
  };
}

function noTerminal(): string | undefined {
  try {
    createRequire(import.meta.url)("@lydell/node-pty");
    return undefined;
  } catch {
    const hasSocat = spawnSync("socat", ["-V"], { stdio: "ignore" }).status === 0;
    return hasSocat ? undefined : "no pseudo-terminal: neither @lydell/node-pty nor socat is installed";
  }
}
export const terminalMissing = noTerminal();

export const ways: readonly Way[] = [
  { name: "in a worker thread", open: async () => ({ url: "virtual:?chip=1", close: async () => {} }) },
  {
    name: "in a worker thread, over a line",
    open: async () => ({ url: "virtual:?chip=1&wire=line", close: async () => {} }),
  },
  { name: "over UDP", open: () => startBoard("udp") },
  { name: "over a serial line", missing: terminalMissing, open: () => startBoard("serial") },
];
