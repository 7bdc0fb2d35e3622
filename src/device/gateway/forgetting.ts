/**
 * Answers that are here, which the gateway need not keep: told along with the next run, or by a request of their own when
 * no run comes.
 */
import type { Alarm, Clock } from "../../base/clock.js";
import { gatewayLimits } from "../../protocol/gateway-api.js";
import type { HttpClient } from "../transport/http.js";

/** How long to wait for the next run, ms. Our choice. */
const idleMs = 1000;

export class Forgetting {
  readonly #http: HttpClient;
  readonly #clock: Clock;
  readonly #session: string;
  #runs: string[] = [];
  #alarm: Alarm | undefined;

  /** @param session path of the session */
  constructor(http: HttpClient, clock: Clock, session: string) {
    this.#http = http;
    this.#clock = clock;
    this.#session = session;
  }

  add(run: string): void {
    this.#runs.push(run);
    this.#alarm?.cancel();
    this.#alarm = this.#clock.after(idleMs, () => this.#send());
  }

  /** Part of the next run's query; empty when there is nothing to forget. */
  takeQuery(): string {
    const now = this.#runs.splice(0, gatewayLimits.forgetAtOnce);
    if (this.#runs.length === 0) this.#alarm?.cancel();
    return now.length === 0 ? "" : `&forget=${now.join(",")}`;
  }

  /** The session ends, and its answers with it. */
  end(): void {
    this.#alarm?.cancel();
    this.#runs = [];
  }

  #send(): void {
    for (const run of this.#runs.splice(0))
      this.#http.send({ method: "DELETE", path: `${this.#session}/runs/${run}` }).catch(() => undefined);
  }
}
