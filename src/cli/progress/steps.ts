/** Progress of work that counts its steps: a line every two seconds with rate and time left. */
import { type Clock, elapsedMs } from "../../base/clock.js";
import type { Terminal } from "../terminal.js";

const everyMs = 2000;

/** @returns takes what is done, how many steps are, and of how many */
export function sayingSteps(terminal: Terminal, clock: Clock): (label: string, done: number, total: number) => void {
  const started = clock.now();
  let last = started;
  return (label, done, total) => {
    const now = clock.now();
    if (elapsedMs(last, now) < everyMs && done < total) return;
    last = now;
    const seconds = elapsedMs(started, now) / 1000;
    const left = done < total ? `, ${((seconds / done) * (total - done)).toFixed(0)} s left` : "";
    terminal.say(`${done}/${total} ${label}, ${(done / seconds).toFixed(1)} steps/s${left}`);
  };
}
