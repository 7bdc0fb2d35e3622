/** Progress as text: pure functions from state to lines, for a terminal that redraws and for a file that does not. */
import { elapsedMs, type Instant } from "../../base/clock.js";
import type { Terminal } from "../terminal.js";
import { type PhaseProgress, type Progress, rateOf, secondsLeft } from "./state.js";

const barWidth = 24;

/** 75 s as `1:15`, 3700 s as `1:01:40`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${String(m).padStart(h > 0 ? 2 : 1, "0")}:${String(s).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** Three digits are enough for a rate. */
function formatRate(rate: number | undefined): string {
  if (rate === undefined) return "";
  return `${rate >= 100 ? rate.toFixed(0) : rate.toFixed(rate >= 10 ? 1 : 2)}/s`;
}

/** `1 experiment`, `2 experiments`, `100 %`. */
export function counted(count: number, unit: string): string {
  return `${count} ${count === 1 ? unit.replace(/s$/, "") : unit}`;
}

function bar(done: number, total: number): string {
  const filled = total > 0 ? Math.min(barWidth, Math.floor((barWidth * done) / total)) : 0;
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

const joined = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== "").join("  ");

/** One phase on one line, without colour or bar. */
export function describePhase(phase: PhaseProgress, now: Instant): string {
  if (phase.seconds !== undefined) {
    // A training may end before its planned steps: a share of them says nothing then.
    const isShare = phase.unit === "%";
    const took = `${isShare ? "" : `${counted(phase.done - phase.kept, phase.unit)} `}in ${phase.seconds.toFixed(1)} s`;
    return joined([`${phase.label}: done`, took, isShare ? "" : formatRate(rateOf(phase)), phase.detail]);
  }
  const left = secondsLeft(phase, now);
  const elapsed = elapsedMs(phase.startedAt, now) / 1000;
  return joined([
    `${phase.label}: ${phase.done}/${counted(phase.total, phase.unit)}`,
    formatRate(rateOf(phase)),
    `${formatDuration(elapsed)} elapsed`,
    left === undefined ? undefined : `${formatDuration(left)} left`,
    phase.detail,
  ]);
}

/** Phases and the total time, one line each; no wider and no higher than the terminal, so that it can be drawn over. */
export function renderLive(
  progress: Progress,
  now: Instant,
  terminal: Pick<Terminal, "columns" | "rows" | "paint">,
): string[] {
  const room = Math.max(20, terminal.columns - 3);
  const lines = progress.phases.map((phase) => {
    const isDone = phase.seconds !== undefined;
    const mark = isDone ? terminal.paint("green", "✔") : terminal.paint("yellow", "▸");
    const text = describePhase(phase, now);
    return `${mark} ${(isDone ? text : `${bar(phase.done, phase.total)} ${text}`).slice(0, room)}`;
  });
  const total = `  ${formatDuration(elapsedMs(progress.startedAt, now) / 1000)} elapsed in all`;
  return [...lines, terminal.paint("dim", total.slice(0, room))].slice(-Math.max(2, terminal.rows - 1));
}
