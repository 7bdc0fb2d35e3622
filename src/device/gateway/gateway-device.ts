/** A board behind a gateway, as a device: who it is, and sessions on it. */
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import { boardInfo, sessionInfo } from "../../protocol/gateway-api.js";
import { DeviceBusy, LinkClosed } from "../errors.js";
import type { Device, DeviceIdentity, OpenSessionOptions, Session } from "../interface/index.js";
import { defaultHttpOptions, HttpClient, type HttpOptions } from "../transport/http.js";
import type { DatagramRecorder } from "../transport/record.js";
import { FrameNotes } from "./frame-notes.js";
import { GatewaySession } from "./gateway-session.js";
import { checkedReply } from "./replies.js";

export interface GatewayConnectOptions {
  readonly url: string;
  /** Where the gateway's resources begin, and the number of the board there. */
  readonly base: string;
  readonly board: number;
  readonly token?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly drawId: () => string;
  readonly signal?: AbortSignal | undefined;
  readonly recorder?: DatagramRecorder | undefined;
  readonly http?: Partial<Pick<HttpOptions, "patienceMs" | "attemptMs">>;
  readonly leaseMs?: number;
}

const defaultLeaseMs = 60_000;

/** @throws AccessDenied, UnsupportedTarget, Disconnected, LinkTimeout, DeviceBusy, signal.reason */
export async function connectGateway(options: GatewayConnectOptions): Promise<GatewayDevice> {
  const { url, base, board, token, clock, logger, signal } = options;
  const http = new HttpClient({ url, base, token, clock, logger, ...defaultHttpOptions, ...options.http });
  const reply = await http.send({ method: "GET", path: `/boards/${board}`, signal });
  const { boardId, bitfileInfo } = checkedReply(url, reply, boardInfo);
  return new GatewayDevice({ url, boardId, bitfileInfo }, http, options);
}

export class GatewayDevice implements Device {
  readonly identity: DeviceIdentity;
  readonly #http: HttpClient;
  readonly #options: GatewayConnectOptions;
  readonly #notes: FrameNotes | undefined;
  #session: GatewaySession | undefined;
  #isOpening = false;
  #closing: Promise<void> | undefined;

  constructor(identity: DeviceIdentity, http: HttpClient, options: GatewayConnectOptions) {
    this.identity = identity;
    this.#http = http;
    this.#options = options;
    this.#notes = options.recorder === undefined ? undefined : new FrameNotes(options.recorder, identity.bitfileInfo);
  }

  /**
   * A session keeps the board to itself from its first program on, unless it says where its chains of programs begin.
   */
  async openSession({ signal, chains = false }: OpenSessionOptions = {}): Promise<Session> {
    signal?.throwIfAborted();
    const { url } = this.identity;
    if (this.#closing !== undefined) throw new LinkClosed(url);
    if (this.#session !== undefined || this.#isOpening) throw new DeviceBusy(url);
    this.#isOpening = true;
    try {
      const { board, clock, logger, drawId, leaseMs = defaultLeaseMs } = this.#options;
      const body = {
        type: "application/json",
        content: JSON.stringify({ leaseMs, sharing: chains ? "chains" : "hold" }),
      };
      const reply = await this.#http.send({ method: "POST", path: `/boards/${board}/sessions`, body, signal });
      this.#session = new GatewaySession({
        identity: this.identity,
        http: this.#http,
        info: checkedReply(url, reply, sessionInfo),
        clock,
        logger,
        drawId,
        notes: this.#notes,
        onClosed: () => {
          this.#session = undefined;
        },
      });
      return this.#session;
    } finally {
      this.#isOpening = false;
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#session?.close();
      this.#options.recorder?.end();
    })();
    return this.#closing;
  }
}
