import { describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.js";
import { Disconnected, LinkClosed, NotificationReceived } from "./errors.js";
import type { Device, RunResult, Session } from "./interface/index.js";
import { Builder } from "./playback/builder.js";
import { PooledSession, poolDevices } from "./pool.js";

const identity = (url: string, bitfileInfo = "version: 2") => ({ url, boardId: `id-${url}`, bitfileInfo });

/** A session that notes what it is given; `fail` decides what becomes of it. */
class FakeSession implements Session {
  readonly identity;
  readonly calls: string[] = [];
  readonly fail: (call: number) => Error | undefined;
  isClosed = false;
  constructor(url: string, fail: (call: number) => Error | undefined = () => undefined) {
    this.identity = identity(url);
    this.fail = fail;
  }
  program(): Builder {
    return new Builder(systemClock);
  }
  async reinit(): Promise<void> {
    await this.#take("reinit");
  }
  async run(): Promise<RunResult> {
    await this.#take("run");
    return undefined as unknown as RunResult;
  }
  async close(): Promise<void> {
    this.isClosed = true;
  }
  async #take(what: string): Promise<void> {
    this.calls.push(what);
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (this.isClosed) throw new LinkClosed(this.identity.url, "session");
    const error = this.fail(this.calls.length);
    if (error !== undefined) throw error;
  }
}

async function chain(pool: PooledSession): Promise<void> {
  for (;;) {
    const runs = [pool.reinit(), pool.run(pool.program().build()), pool.run(pool.program().build())];
    const outcomes = await Promise.allSettled(runs);
    const failed = outcomes.find((one) => one.status === "rejected");
    if (failed === undefined) return;
    if (!pool.mayRetry(failed.reason)) throw failed.reason;
  }
}

const pooled = (...sessions: Session[]) => new PooledSession(identity("pool"), sessions);

describe("PooledSession", () => {
  it("gives whole chains to boards, evenly", async () => {
    const [a, b] = [new FakeSession("a"), new FakeSession("b")];
    const pool = pooled(a, b);
    expect(pool.lanes).toBe(2);
    await Promise.all([chain(pool), chain(pool), chain(pool), chain(pool)]);
    for (const { calls } of [a, b]) expect(calls).toEqual(["reinit", "run", "run", "reinit", "run", "run"]);
    expect(pool.notices).toEqual([]);
  });

  it("quarantines a board that fails, lets its chains run elsewhere, and says so", async () => {
    const [a, b] = [
      new FakeSession("a", (call) => (call > 4 ? new Disconnected("a", "unplugged") : undefined)),
      new FakeSession("b"),
    ];
    const pool = pooled(a, b);
    for (let i = 0; i < 4; i++) await Promise.all([chain(pool), chain(pool)]);
    expect(pool.lanes).toBe(1);
    expect(a.isClosed).toBe(true);
    expect(b.calls.filter((call) => call === "reinit").length).toBeGreaterThanOrEqual(7);
    expect(pool.notices).toEqual([expect.stringMatching(/board a was quarantined.*unplugged/)]);
  });

  it("gives up when no board is left", async () => {
    const pool = pooled(...["a", "b"].map((url) => new FakeSession(url, () => new Disconnected(url, "gone"))));
    await expect(chain(pool)).rejects.toMatchObject({ _tag: "Disconnected" });
    await expect(chain(pool)).rejects.toMatchObject({ _tag: "Disconnected" });
  });

  it("does not blame a board for a program that is stuck", async () => {
    const stuck = new NotificationReceived("a", 3, "wait", "stall count 1");
    const pool = pooled(new FakeSession("a", () => stuck), new FakeSession("b"));
    await expect(chain(pool)).rejects.toBe(stuck);
    expect(pool.notices).toEqual([]);
  });
});

describe("poolDevices", () => {
  const device = (url: string, bitfileInfo?: string): Device => ({
    identity: identity(url, bitfileInfo),
    openSession: async () => new FakeSession(url),
    close: async () => undefined,
  });

  it("is one device of boards of one kind", () => {
    expect(poolDevices([device("a"), device("b")]).identity).toEqual({
      url: "a b",
      boardId: "id-a+id-b",
      bitfileInfo: "version: 2",
    });
    const one = device("a");
    expect(poolDevices([one])).toBe(one);
  });

  it("refuses boards of different kinds", () => {
    expect(() => poolDevices([device("a"), device("b", "version: 3")])).toThrow(
      expect.objectContaining({ _tag: "UnsupportedTarget" }),
    );
  });
});
