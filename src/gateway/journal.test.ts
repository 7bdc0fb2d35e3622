import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal } from "./journal.js";
import { type Entry, type LedgerRecord, noWords } from "./ledger.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hxloop-journal-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const session = { t: "session", session: "s", user: "u", board: 0, leaseMs: 1000, sharing: "restored" } as const;
const run = (id: string): Entry => ({ t: "run", session: "s", run: id, digest: id, timeoutMs: 1, fresh: false });
const end = (id: string): Entry => ({
  t: "end",
  session: "s",
  run: id,
  state: "answered",
  error: null,
  continues: false,
  fpgaTime: 5,
  strayBytes: 0,
  executeMs: 1,
});
const bytes = (fill: number, length = 64): Uint8Array => new Uint8Array(length).fill(fill);
const plain = (entry: Entry): LedgerRecord => ({ entry, payload: noWords });

async function reopened(): Promise<Journal> {
  return await Journal.open(folder);
}

describe("Journal", () => {
  it("gives back what was appended, after any number of openings", async () => {
    const journal = await Journal.open(folder);
    await Promise.all([
      journal.append(plain(session)),
      journal.append({ entry: run("a"), payload: bytes(1) }),
      journal.append({ entry: run("b"), payload: bytes(2) }),
      journal.append(plain({ t: "start", session: "s", run: "a" })),
      journal.append({ entry: end("a"), payload: bytes(3) }),
    ]);
    await journal.close();
    for (let i = 0; i < 3; i++) {
      const again = await reopened();
      const found = again.ledger.sessions.get("s");
      expect([...(found?.runs.values() ?? [])].map(({ run, state }) => [run, state])).toEqual([
        ["a", "answered"],
        ["b", "queued"],
      ]);
      expect(found?.runs.get("a")?.answer).toEqual(bytes(3));
      expect(found?.queue.map((queued) => queued.program)).toEqual([bytes(2)]);
      await again.close();
    }
  });

  it("drops a torn or damaged end, at whatever byte, and goes on from there", async () => {
    const journal = await Journal.open(folder);
    await journal.append(plain(session));
    await journal.append({ entry: run("a"), payload: bytes(1) });
    const whole = journal.byteLength;
    await journal.append({ entry: run("b"), payload: bytes(2) });
    await journal.close();
    const file = await readFile(journal.path);
    for (let length = whole; length < file.length; length += 29) {
      await writeFile(journal.path, file.subarray(0, length));
      const again = await reopened();
      expect([...(again.ledger.sessions.get("s")?.runs.keys() ?? [])]).toEqual(["a"]);
      expect(again.byteLength).toBe(whole);
      await again.close();
    }
    await writeFile(journal.path, file.with(file.length - 3, 99));
    const again = await reopened();
    await again.append({ entry: run("c"), payload: bytes(4) });
    await again.close();
    expect([...((await reopened()).ledger.sessions.get("s")?.runs.keys() ?? [])]).toEqual(["a", "c"]);
  });

  it("is written anew when most of it is not needed any more", async () => {
    const journal = await Journal.open(folder, { compactBytes: 10_000 });
    await journal.append(plain(session));
    for (let i = 0; i < 20; i++) {
      void journal.append({ entry: run(`r${i}`), payload: bytes(i, 5000) });
      void journal.append({ entry: end(`r${i}`), payload: bytes(i, 5000) });
      const forgotten = journal.append(plain({ t: "forget", session: "s", run: `r${i}` }));
      if (i % 5 === 4) await forgotten;
    }
    await journal.append({ entry: run("last"), payload: bytes(9) });
    await journal.close();
    expect((await stat(journal.path)).size).toBeLessThan(120_000);
    const again = await reopened();
    expect(again.ledger.sessions.get("s")?.runs.size).toBe(21);
    expect(again.ledger.sessions.get("s")?.runs.get("r5")?.state).toBe("forgotten");
    expect(again.ledger.sessions.get("s")?.queue).toHaveLength(1);
    await again.close();
  });

  it("does not touch a file that is no journal", async () => {
    await appendFile(join(folder, "journal"), "something else entirely");
    await expect(Journal.open(folder)).rejects.toMatchObject({ _tag: "StateUnusable" });
    await truncate(join(folder, "journal"), 0);
    await (await reopened()).close();
  });
});
