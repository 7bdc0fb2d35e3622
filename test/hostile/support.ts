/** What the tests under fire share: how much, the memory of a process, and a good client that must be served. */
import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { systemClock } from "../../src/base/clock.js";

export const inputs = Number(process.env.HOSTILE_INPUTS ?? 3000);
export const seed = Number(process.env.HOSTILE_SEED ?? 3);
const isLong = inputs > 50_000;

/** Resident memory of a process, bytes; undefined where the system does not tell. */
function residentBytes(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(path, "utf8"))?.[1]);
}

/** Looks at a process's memory while it is under fire. */
export class MemoryWatch {
  readonly #what: string;
  readonly #pid: number;
  readonly #from = systemClock.now();
  readonly #atStart: number | undefined;
  #early: number | undefined;
  #toldAt = this.#from;

  constructor(what: string, pid: number) {
    this.#what = what;
    this.#pid = pid;
    this.#atStart = residentBytes(pid);
  }

  /** @param sent inputs so far */
  look(sent: number): void {
    if (this.#early === undefined && sent >= inputs / 5) this.#early = residentBytes(this.#pid);
    if (!isLong || systemClock.now() < this.#toldAt + 10_000) return;
    this.#toldAt = systemClock.now();
    console.log(`${this.#what}: ${sent} of ${inputs} in ${((this.#toldAt - this.#from) / 1000).toFixed(0)} s`);
  }

  /** It was not the inputs that are kept. */
  expectFlat(): void {
    const late = residentBytes(this.#pid);
    if (this.#atStart === undefined || this.#early === undefined || late === undefined) return;
    const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
    if (isLong) {
      const figures = [this.#atStart, this.#early, late].map(mb).join(", ");
      console.log(
        `${this.#what}: ${inputs} inputs, seed ${seed}; MB at the start, after a fifth, at the end: ${figures}`,
      );
    }
    // A young process still grows by itself; an input kept each time would be a hundred times as much.
    expect(late - this.#early, this.#what).toBeLessThan(64 * 2 ** 20);
  }
}

export async function servesGoodHost(url: string, token?: string): Promise<void> {
  const device = await openDevice(url, token === undefined ? {} : { token });
  const session = await device.openSession();
  const tick = session.program();
  const ticket = tick.tick();
  await session.run(tick.build());
  expect(ticket.isReady).toBe(true);
  await device.close();
}
