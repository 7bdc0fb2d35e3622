/**
 * Puts a gateway together: the journal, the boards by their URLs, the server. The addresses that it may listen at are
 * decided here: beyond loopback only with tokens and TLS.
 */
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { openBoard } from "../api/open-device.js";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import { UnsupportedTarget } from "../device/errors.js";
import { type BoardOptions, GatewayBoard } from "./board.js";
import { Gateway } from "./gateway.js";
import { Journal, StateUnusable } from "./journal.js";
import { defaultLimits, type GatewayLimits } from "./limits.js";
import { type GatewayServer, serveGateway } from "./server.js";
import { Tokens, TokensInvalid } from "./tokens.js";

export interface StartOptions {
  readonly devices: readonly string[];
  /** Opens a board by its URL; default: as every device is opened. */
  readonly openRaw?: BoardOptions["open"];
  readonly host: string;
  readonly port: number;
  /** Folder of the journal. */
  readonly state: string;
  readonly sync?: "disk" | "system";
  readonly tokens?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly limits?: Partial<GatewayLimits>;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface RunningGateway {
  readonly url: string;
  readonly gateway: Gateway;
  /** What was found in the journal. */
  readonly restored: { readonly sessions: number; readonly unknownOutcomes: number };
  close(): Promise<void>;
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** @throws UnsupportedTarget, TokensInvalid, StateUnusable; those of `openBoard` */
export async function startGateway(options: StartOptions): Promise<RunningGateway> {
  const { devices, host, port, state, clock, logger, version, signal } = options;
  const tls = await readTls(options);
  const tokens = options.tokens === undefined ? new Tokens(undefined) : await Tokens.read(options.tokens);
  if (!isLoopback(host) && (!tokens.areDemanded || tls === undefined))
    throw new UnsupportedTarget(
      `--listen ${host}:${port}`,
      "an address beyond loopback demands --tokens and --tls-cert with --tls-key: anybody could reach the boards",
    );
  const urls = devices.map((url) => (url.startsWith("http") ? refuse(url) : url));
  const limits = { ...defaultLimits, ...options.limits };
  const journal = await Journal.open(state, options.sync === undefined ? {} : { sync: options.sync });
  const gateway = new Gateway({ journal, clock, logger, limits });
  let server: GatewayServer | undefined;
  const close = async (): Promise<void> => {
    await server?.close();
    await gateway.close();
  };
  try {
    const { sliceMs, maxHoldMs, maxAnswerBytes, reinitLimitMs } = limits;
    for (const [number, url] of urls.entries()) {
      const openUrl = async (opening: AbortSignal) => (await openBoard(url, { signal: opening, logger })).openRaw();
      const open = options.openRaw ?? openUrl;
      const work = gateway.workOf(number);
      const board = { open, work, clock, logger, sliceMs, maxHoldMs, maxAnswerBytes, reinitLimitMs };
      gateway.boards.push(await GatewayBoard.open(board, signal));
    }
    await gateway.restore();
    server = await listen(
      () => serveGateway({ gateway, tokens, clock, logger, version, host, port, ...(tls && { tls }) }),
      host,
      port,
    );
    const { unknownOutcomes } = gateway.counters;
    return { url: server.url, gateway, restored: { sessions: gateway.sessionCount, unknownOutcomes }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function refuse(url: string): never {
  throw new UnsupportedTarget(url, "a gateway shares boards, not other gateways");
}

async function listen(serve: () => Promise<GatewayServer>, host: string, port: number): Promise<GatewayServer> {
  try {
    return await serve();
  } catch (cause) {
    throw new UnsupportedTarget(`--listen ${host}:${port}`, (cause as Error).message, { cause });
  }
}

async function readTls({ tlsCert, tlsKey }: StartOptions): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new TokensInvalid("TLS needs both --tls-cert and --tls-key");
  const [cert, key] = await Promise.all(
    [tlsCert, tlsKey].map(async (path) => {
      try {
        return await readFile(path, "utf8");
      } catch (cause) {
        throw new StateUnusable(`cannot read ${path}: ${(cause as Error).message}`, { cause });
      }
    }),
  );
  return { cert: cert as string, key: key as string };
}
