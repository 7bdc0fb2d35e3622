/** What Prometheus is told: the state of gateway and boards at the time of asking, and how long requests took. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Gateway } from "./gateway.js";

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"route" | "method" | "status">;

  constructor(gateway: Gateway) {
    const registers = [this.#registry];
    this.#requests = new Histogram({
      name: "hxloop_gateway_request_seconds",
      help: "Time to answer requests, those that wait for a run included.",
      labelNames: ["route", "method", "status"],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    });
    const total = (name: string, help: string, value: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    };
    const { counters } = gateway;
    total("hxloop_gateway_runs_total", "Runs given to a board.", () => counters.runs);
    total(
      "hxloop_gateway_failed_runs_total",
      "Runs that failed or were cancelled on a board.",
      () => counters.failedRuns,
    );
    total("hxloop_gateway_repeated_requests_total", "Runs that were asked for again.", () => counters.repeatedRequests);
    total("hxloop_gateway_expired_leases_total", "Sessions whose lease expired.", () => counters.expiredLeases);
    total("hxloop_gateway_unknown_outcomes_total", "Runs cut by a restart.", () => counters.unknownOutcomes);
    new Gauge({
      name: "hxloop_gateway_journal_bytes",
      help: "Length of the journal.",
      registers,
      collect() {
        this.set(gateway.journalBytes);
      },
    });
    const perBoard = (name: string, help: string, value: (board: number) => number): void => {
      new Gauge({
        name,
        help,
        labelNames: ["board"],
        registers,
        collect() {
          for (const board of gateway.boards.keys()) this.set({ board: String(board) }, value(board));
        },
      });
    };
    perBoard("hxloop_gateway_board_up", "1 when the board can be reached.", (board) =>
      gateway.boardInfo(board).state === "lost" ? 0 : 1,
    );
    perBoard("hxloop_gateway_board_sessions", "Open sessions.", (board) => gateway.boardInfo(board).sessions);
    perBoard("hxloop_gateway_board_waiting_runs", "Runs that wait.", (board) => gateway.boardInfo(board).waitingRuns);
    perBoard(
      "hxloop_gateway_board_switches",
      "Times that the board was set up for a session.",
      (board) => gateway.boards[board]?.counters.switches ?? 0,
    );
    perBoard(
      "hxloop_gateway_board_reconnects",
      "Times that a lost board came back.",
      (board) => gateway.boards[board]?.counters.reconnects ?? 0,
    );
    perBoard(
      "hxloop_gateway_board_busy_seconds",
      "Time with a program on the board.",
      (board) => (gateway.boards[board]?.counters.busyMs ?? 0) / 1000,
    );
  }

  observe(route: string, method: string, status: number, seconds: number): void {
    this.#requests.observe({ route, method, status: String(status) }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }
}
