/**
 * Shows a calibration's events to a person: a live block that redraws itself on a terminal, one line per step at most
 * every few seconds when piped, only warnings when quiet. The only part of the progress display that writes.
 */
import { type Alarm, type Clock, elapsedMs, type Instant } from "../../base/clock.js";
import type { CalibrationEvent } from "../../calib/events.js";
import type { Terminal } from "../terminal.js";
import { counted, describePhase, renderLive } from "./render.js";
import { advance, type Progress, startProgress } from "./state.js";

const repaintMs = 125;
/** A log file of an hour's run stays readable. */
const plainEveryMs = 5_000;

export interface ProgressDisplay {
  readonly listener: (event: CalibrationEvent) => void;
  /** Leave the last picture standing and stop drawing. Idempotent. */
  stop(): void;
}

export function makeDisplay(terminal: Terminal, clock: Clock, quiet: boolean): ProgressDisplay {
  if (quiet) return quietDisplay(terminal);
  return terminal.isLive ? liveDisplay(terminal, clock) : plainDisplay(terminal, clock);
}

function warn(terminal: Terminal, text: string): void {
  terminal.say(`${terminal.paint("yellow", "note:")} ${text}`);
}

function quietDisplay(terminal: Terminal): ProgressDisplay {
  return {
    listener: (event) => {
      if (event.type === "notice") warn(terminal, event.text);
    },
    stop() {},
  };
}

function plainDisplay(terminal: Terminal, clock: Clock): ProgressDisplay {
  let progress = startProgress(clock.now());
  let lastAt: Instant | undefined;
  const listener = (event: CalibrationEvent): void => {
    const now = clock.now();
    progress = advance(progress, event, now);
    if (event.type === "notice") {
      warn(terminal, event.text);
      return;
    }
    if (event.type === "phase-started") {
      lastAt = now;
      terminal.say(event.unit === "%" ? event.label : `${event.label}: ${counted(event.total, event.unit)}`);
      return;
    }
    const phase = progress.phases.findLast((p) => p.phase === event.phase);
    if (phase === undefined) return;
    const isDue = lastAt === undefined || elapsedMs(lastAt, now) >= plainEveryMs;
    if (event.type === "phase-progress" && !isDue) return;
    lastAt = now;
    terminal.say(describePhase(phase, now));
  };
  return { listener, stop() {} };
}

function liveDisplay(terminal: Terminal, clock: Clock): ProgressDisplay {
  let progress: Progress = startProgress(clock.now());
  let linesOnScreen = 0;
  let paintedAt: Instant | undefined;
  let alarm: Alarm | undefined;
  let stopped = false;

  const erase = (): string => (linesOnScreen === 0 ? "" : `\x1b[${linesOnScreen}A\x1b[J`);
  terminal.beforeLine(() => {
    terminal.raw(erase());
    linesOnScreen = 0;
  });
  const paint = (): void => {
    const lines = renderLive(progress, clock.now(), terminal);
    terminal.raw(`${erase()}${lines.join("\n")}\n`);
    linesOnScreen = lines.length;
    paintedAt = clock.now();
  };
  const tick = (): void => {
    paint();
    alarm = clock.after(repaintMs, tick);
  };
  return {
    listener: (event) => {
      if (stopped) return;
      progress = advance(progress, event, clock.now());
      if (event.type === "notice") warn(terminal, event.text);
      if (alarm === undefined) alarm = clock.after(repaintMs, tick);
      // Training computes for long without letting timers run: paint from the events too.
      if (paintedAt === undefined || elapsedMs(paintedAt, clock.now()) >= repaintMs) paint();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      alarm?.cancel();
      if (progress.phases.length > 0) paint();
      terminal.beforeLine(undefined);
    },
  };
}
