/** `hxloop gateway`: share boards among users over HTTP, until interrupted. */
import { Command } from "commander";
import { isHxError } from "../../base/errors.js";
import { type Context, defaultDevice } from "../context.js";
import { UsageError } from "../errors.js";
import { integer, nonEmpty, oneOf } from "../options.js";
import { lockRun } from "../store/lock.js";
import { ownVersion } from "../versions.js";

interface GatewayFlags {
  readonly device?: readonly string[];
  readonly listen: string;
  readonly state: string;
  readonly tokens?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly slice?: number;
  readonly hold?: number;
  readonly sessions?: number;
  readonly rate?: number;
  readonly sync?: "disk" | "system";
  readonly json?: true;
}

const defaultListen = "127.0.0.1:8080";
const defaultState = "hxloop-gateway";

export function gatewayCommand(context: Context): Command {
  const collect = (url: string, urls: readonly string[] = []): string[] => [...urls, nonEmpty(url)];
  return new Command("gateway")
    .description("Share boards among users over HTTP: sessions, fair turns, runs that happen once (docs/gateway.md).")
    .option(
      "--device <URL>",
      `a board; repeat for several, numbered from 0 (default: HXLOOP_DEVICE, else ${defaultDevice})`,
      collect,
    )
    .option(
      "--listen <HOST:PORT>",
      "where to listen; beyond loopback only with tokens and TLS",
      nonEmpty,
      defaultListen,
    )
    .option("--state <DIR>", "folder of the journal, kept over restarts", nonEmpty, defaultState)
    .option(
      "--sync <HOW>",
      "when a run is safe: disk (forced to the disk; default), system (survives a crash of the gateway, not of the machine)",
      oneOf("--sync", ["disk", "system"] as const),
    )
    .option("--tokens <FILE>", "who may use it, one line per user: NAME TOKEN", nonEmpty)
    .option("--tls-cert <FILE>", "certificate, PEM", nonEmpty)
    .option("--tls-key <FILE>", "its key, PEM", nonEmpty)
    .option(
      "--slice <MS>",
      "how long a session keeps a board while others wait (default: 1000)",
      integer("--slice", 1, 3_600_000),
    )
    .option(
      "--hold <S>",
      "how long a session may hold a board for itself while others wait (default: 3600)",
      integer("--hold", 1, 1_000_000),
    )
    .option("--sessions <N>", "open sessions of one user (default: 16)", integer("--sessions", 1, 100_000))
    .option("--rate <N>", "requests of one user in 10 s (default: 20000)", integer("--rate", 10, 10_000_000))
    .option("--json", "print one JSON object on stdout when it listens")
    .addHelpText(
      "after",
      `
Examples:
  $ hxloop gateway --device udp://192.168.4.2 --device udp://192.168.4.3
  $ hxloop gateway --listen 0.0.0.0:8443 --tokens users --tls-cert lab.crt --tls-key lab.key
  $ hxloop calibrate --device http://127.0.0.1:8080/boards/0 --demo-target`,
    )
    .action((flags: GatewayFlags) => gateway(context, flags));
}

async function gateway(context: Context, flags: GatewayFlags): Promise<void> {
  const { terminal, clock, logger, interrupts } = context;
  const { signal } = interrupts;
  const [host, port] = parseListen(flags.listen);
  const devices = flags.device ?? [defaultDevice];
  const { startGateway } = await import("../../gateway/start.js");
  const { mkdir } = await import("node:fs/promises");
  await mkdir(flags.state, { recursive: true, mode: 0o700 });
  const lock = await lockRun(flags.state).catch((error: unknown) => {
    if (!isHxError(error, "RunFolderLocked")) throw error;
    throw new UsageError(`--state ${flags.state} is in use by another gateway; name another folder`, { cause: error });
  });
  try {
    const { tokens, tlsCert, tlsKey, slice, hold, sessions, rate, sync } = flags;
    const running = await startGateway({
      devices,
      host,
      port,
      state: flags.state,
      version: ownVersion(),
      clock,
      logger,
      signal,
      ...(sync === undefined ? {} : { sync }),
      ...(tokens === undefined ? {} : { tokens }),
      ...(tlsCert === undefined ? {} : { tlsCert }),
      ...(tlsKey === undefined ? {} : { tlsKey }),
      limits: {
        ...(slice === undefined ? {} : { sliceMs: slice }),
        ...(hold === undefined ? {} : { maxHoldMs: 1000 * hold }),
        ...(sessions === undefined ? {} : { maxSessionsPerUser: sessions }),
        ...(rate === undefined ? {} : { maxRequestsPer10s: rate }),
      },
    });
    const boards = running.gateway.boards.map((board, n) => ({
      boardId: board.identity.boardId,
      url: `${running.url}/boards/${n}`,
    }));
    const { restored } = running;
    if (restored.sessions > 0 || restored.unknownOutcomes > 0)
      terminal.say(
        `hxloop: ${restored.sessions} sessions restored; ${restored.unknownOutcomes} runs have an unknown outcome`,
      );
    const about = { schema: "hxloop.gateway/1", url: running.url };
    if (flags.json) {
      terminal.result(JSON.stringify({ ...about, state: "ready", pid: process.pid, boards }));
    } else for (const { url, boardId } of boards) terminal.result(`board ${boardId}: ${url}`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await running.close();
    const { counters } = running.gateway;
    if (flags.json) terminal.result(JSON.stringify({ ...about, state: "stopped", counters }));
    else terminal.say(`gateway stopped: ${JSON.stringify(counters)}`);
  } finally {
    await lock.release();
  }
}

/** @throws UsageError */
function parseListen(text: string): readonly [string, number] {
  const [, host, digits] = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw new UsageError(`--listen = ${text} is not of the form HOST:PORT, for example ${defaultListen}`);
  return [host.replace(/^\[(.*)\]$/, "$1"), port];
}
