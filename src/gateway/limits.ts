/** What a gateway lets its users do, with defaults. Each is a bound that somebody would otherwise reach. */
export interface GatewayLimits {
  /** How long a session keeps the board while others wait, ms. */
  readonly sliceMs: number;
  /** How long a session may hold the board for itself while others wait, ms. */
  readonly maxHoldMs: number;
  /** Open sessions of one user, and of all. */
  readonly maxSessionsPerUser: number;
  readonly maxSessions: number;
  /** Runs of one session that wait or run. */
  readonly maxQueuedRuns: number;
  /** Run ids that a session remembers; a session with more must be opened anew. */
  readonly maxRunsPerSession: number;
  readonly maxProgramBytes: number;
  readonly maxAnswerBytes: number;
  /** Programs and answers that one user makes the gateway keep until they are forgotten. */
  readonly maxKeptBytesPerUser: number;
  /** Requests of one user, or of one address without a token, within 10 s. */
  readonly maxRequestsPer10s: number;
  /** Time that a program of restoration may take, ms. */
  readonly reinitLimitMs: number;
  /** How long a request may take to arrive, ms: bounds slow senders. */
  readonly requestLimitMs: number;
  readonly maxConnections: number;
}

const mebi = 1 << 20;

export const defaultLimits: GatewayLimits = {
  sliceMs: 1000,
  maxHoldMs: 3_600_000,
  maxSessionsPerUser: 16,
  maxSessions: 256,
  maxQueuedRuns: 64,
  maxRunsPerSession: 100_000,
  maxProgramBytes: 32 * mebi,
  maxAnswerBytes: 64 * mebi,
  maxKeptBytesPerUser: 256 * mebi,
  maxRequestsPer10s: 20_000,
  reinitLimitMs: 10_000,
  requestLimitMs: 60_000,
  maxConnections: 512,
};
