/** Starts the real command line as its users do, and gives back what it said. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../../bin/hxloop.mjs", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly outcome: Promise<Outcome>;
  /** Resolves when stderr has shown this text; rejects when the process ends before. */
  seen(text: string | RegExp): Promise<void>;
  /** The first line on stdout that matches; rejects when the process ends before. */
  line(text: RegExp): Promise<string>;
  send(signal: "SIGINT" | "SIGKILL" | "SIGTERM"): void;
}

/** @param cwd working directory, for runs/ @param env added to a plain environment without HXLOOP_* */
export function startHxloop(args: readonly string[], cwd: string, env: Record<string, string> = {}): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HXLOOP_|NO_COLOR|FORCE_COLOR|NODE_)/.test(name));
  const child = spawn(process.execPath, [binary, ...args], { cwd, env: { ...Object.fromEntries(inherited), ...env } });
  let [stdout, stderr] = ["", ""];
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const watch of watchers) watch();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const watch of watchers) watch();
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const wait = <T>(look: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const found = look();
        if (found === undefined) return;
        watchers.delete(watch);
        resolve(found);
      };
      watchers.add(watch);
      watch();
      void outcome.then(() => reject(new Error(`ended without ${what}:\n${stdout}${stderr}`)));
    });
  return {
    outcome,
    send: (signal) => void child.kill(signal),
    seen: (text) => wait(() => stderr.search(text) >= 0 || undefined, `saying ${text}`).then(() => {}),
    line: (text) =>
      wait(
        () =>
          stdout
            .split("\n")
            .slice(0, -1)
            .find((line) => text.test(line)),
        `printing ${text}`,
      ),
  };
}

export function hxloop(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Outcome> {
  return startHxloop(args, cwd, env).outcome;
}
