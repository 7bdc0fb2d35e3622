/**
 * `log.jsonl`, the course of a run as one JSON object per line: what happened, in which session, at what time. Lines are
 * only ever appended, each in one write that a killed process has made or has not; a line that a crash of the machine
 * cut is passed over by readers, and the next session begins on a line of its own. Knows what is logged, not who reads.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Clock, elapsedMs, type Instant, wallTime } from "../../base/clock.js";
import type { CalibrationEvent } from "../../calib/events.js";
import { isRecording, isTraining, type SecondsSpent } from "../../calib/progress.js";
import { refusal } from "./durable-files.js";

export const logName = "log.jsonl";
/** Progress is logged at most so often: what a kill hides of the time that was spent is no longer than this. */
const progressEveryMs = 1000;

const eventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("session-started"),
    device: z.string(),
    backend: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  z.object({
    type: z.literal("phase-started"),
    phase: z.string(),
    label: z.string(),
    total: z.number(),
    unit: z.string(),
  }),
  z.object({ type: z.literal("phase-progress"), phase: z.string(), done: z.number(), detail: z.string().optional() }),
  z.object({
    type: z.literal("phase-finished"),
    phase: z.string(),
    seconds: z.number(),
    detail: z.string().optional(),
  }),
  z.object({ type: z.literal("notice"), text: z.string() }),
  z.object({ type: z.literal("session-ended"), state: z.string(), reason: z.string().nullable() }),
]);
type LoggedEvent = z.infer<typeof eventSchema>;

const placeSchema = z.object({
  /** 0, 1, 2, ... over all sessions. */
  seq: z.int().min(0),
  /** 1 for the first process that worked on the run. */
  session: z.int().min(1),
  /** Wall time, ISO 8601. */
  at: z.string(),
  /** Seconds since the session began. */
  elapsed: z.number().min(0),
});
export type LogEntry = z.infer<typeof placeSchema> & LoggedEvent;

/** Whole lines in order; what is no entry is passed over. */
function parseLog(text: string): LogEntry[] {
  return text.split("\n").flatMap((line) => {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return [];
    }
    const [place, event] = [placeSchema.safeParse(json), eventSchema.safeParse(json)];
    return place.success && event.success ? [{ ...place.data, ...event.data }] : [];
  });
}

/** The log of a run; empty when it has none. */
export function readLog(directory: string): LogEntry[] {
  const path = join(directory, logName);
  return existsSync(path) ? parseLog(readFileSync(path, "utf8")) : [];
}

/** Seconds of all sessions in a log, also of those that were killed, as far as their last line. */
export function secondsSpent(entries: readonly LogEntry[]): SecondsSpent {
  const spent = { record: 0, train: 0, total: 0 };
  let before: LogEntry | undefined;
  let running: "record" | "train" | undefined;
  for (const entry of entries) {
    if (entry.session !== before?.session) {
      before = undefined;
      running = undefined;
    }
    const seconds = entry.elapsed - (before?.elapsed ?? 0);
    spent.total += seconds;
    if (running !== undefined) spent[running] += seconds;
    if (entry.type === "phase-finished") running = undefined;
    if (entry.type === "phase-started") {
      running = isRecording(entry.phase) ? "record" : isTraining(entry.phase) ? "train" : undefined;
    }
    before = entry;
  }
  return spent;
}

export class RunLog {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #from: Instant;
  readonly #file: number;
  readonly #session: number;
  #seq: number;
  #progressAt: Instant | undefined;
  /** Seconds of the sessions before this one. */
  readonly earlier: SecondsSpent;

  /** Begin a session. @throws RunFolderUnwritable */
  constructor(directory: string, clock: Clock) {
    this.#path = join(directory, logName);
    this.#clock = clock;
    this.#from = clock.now();
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
    const entries = parseLog(text);
    const last = entries.at(-1);
    this.#seq = (last?.seq ?? -1) + 1;
    this.#session = (last?.session ?? 0) + 1;
    this.earlier = secondsSpent(entries);
    try {
      this.#file = openSync(this.#path, "a");
    } catch (cause) {
      throw refusal(this.#path, cause);
    }
    if (text !== "" && !text.endsWith("\n")) this.#write("\n");
  }

  /** @throws RunFolderUnwritable */
  append(event: CalibrationEvent | LoggedEvent): void {
    const now = this.#clock.now();
    if (event.type === "phase-progress") {
      if (this.#progressAt !== undefined && elapsedMs(this.#progressAt, now) < progressEveryMs) return;
      this.#progressAt = now;
    }
    const elapsed = Math.round(elapsedMs(this.#from, now)) / 1000;
    const place = { seq: this.#seq++, session: this.#session, at: wallTime(), elapsed };
    this.#write(`${JSON.stringify({ ...place, ...event })}\n`);
  }

  #write(text: string): void {
    try {
      writeSync(this.#file, text);
    } catch (cause) {
      throw refusal(this.#path, cause);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
