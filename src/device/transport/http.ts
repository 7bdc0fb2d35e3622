/**
 * Requests to a gateway. Only what is idempotent is repeated, and only while there is hope: a gateway that restarts, one
 * that says when to come again. What comes back is bounded in time and whole, or it is an error.
 */
import { sleep } from "../../base/async.js";
import { type Clock, elapsedMs } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import { answerHeaders } from "../../protocol/gateway-api.js";
import { Disconnected, LinkTimeout, UnsupportedTarget } from "../errors.js";

export interface HttpOptions {
  /** For messages. */
  readonly url: string;
  readonly base: string;
  readonly token?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long to try again after the first failure of a request, ms. */
  readonly patienceMs: number;
  /** How long one attempt may take, beside the time that the gateway was asked to wait, ms. */
  readonly attemptMs: number;
}

export const defaultHttpOptions = { patienceMs: 30_000, attemptMs: 30_000 } as const;

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: Uint8Array | string };
  /** The gateway was asked to take so long at most. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Pauses between attempts, ms; the last is repeated. */
const pausesMs = [50, 200, 500, 1000, 2000] as const;
/** Refused before anything was done: may be sent again whatever it was. */
const refusedForNow: readonly number[] = [429, 503];
const failedForNow: readonly number[] = [500, 502, 504];

/** @throws Disconnected, LinkTimeout, UnsupportedTarget for a redirect, signal.reason */
export class HttpClient {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<HttpReply> {
    const { clock, logger, patienceMs, url } = this.#options;
    const from = clock.now();
    const mayRepeat = request.method !== "POST";
    for (let attempt = 0; ; attempt++) {
      let failure: unknown;
      let pause = pausesMs[Math.min(attempt, pausesMs.length - 1)] as number;
      try {
        const reply = await this.#attempt(request);
        const { status, headers } = reply;
        const isRefused = refusedForNow.includes(status);
        if (!isRefused && !(mayRepeat && failedForNow.includes(status))) return reply;
        pause = Math.max(pause, retryAfterMs(headers));
        if (elapsedMs(from, clock.now()) + pause > patienceMs) return reply;
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!mayRepeat || error instanceof UnsupportedTarget) throw error;
        if (elapsedMs(from, clock.now()) + pause > patienceMs) throw error;
        failure = error;
      }
      logger.info({ url, method: request.method, attempt, err: failure }, "asking the gateway again");
      await sleep(clock, pause, request.signal);
    }
  }

  async #attempt({ method, path, body, waitMs = 0, signal }: HttpRequest): Promise<HttpReply> {
    const { url, base, token, clock, attemptMs } = this.#options;
    const limit = new AbortController();
    const limitMs = attemptMs + waitMs;
    const alarm = clock.after(limitMs, () => limit.abort());
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        // A redirect would be given the token.
        redirect: "manual",
        signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": body.type }),
        },
        ...(body === undefined ? {} : { body: body.content }),
      });
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel();
        throw new UnsupportedTarget(url, `it redirects (${response.status}), and redirects are not followed`);
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      const announced = response.headers.get("content-length");
      if (announced !== null && response.headers.get("content-encoding") === null && Number(announced) !== bytes.length)
        throw new Disconnected(url, `the answer was cut: ${bytes.length} of ${announced} bytes`);
      const digest = response.headers.get(answerHeaders.digest);
      if (digest !== null && digest !== (await sha256(bytes)))
        throw new Disconnected(url, "the answer is not what the gateway sent");
      const type = (response.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
      return { status: response.status, type, headers: response.headers, body: bytes };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof UnsupportedTarget || cause instanceof Disconnected) throw cause;
      if (limit.signal.aborted) throw new LinkTimeout(url, "gateway", `${limitMs} ms`, { cause });
      throw new Disconnected(url, reasonOf(cause), { cause });
    } finally {
      alarm.cancel();
    }
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What fetch says is "fetch failed"; why is one level down. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && cause.message !== "") return cause.message;
  const { code } = (cause ?? {}) as { code?: string };
  return code ?? (error instanceof Error ? error.message : String(error));
}

/** Seconds; a date is taken for the shortest pause. */
function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? 1000 * seconds : 0;
}
