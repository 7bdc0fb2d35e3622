/**
 * One writer per run folder. The lock is a file naming the process that holds it; a lock whose process is gone is stale
 * and taken over. Process numbers are used again, after a restart of a container even at once, so the process's start
 * time is compared where the system tells it (Linux).
 */
import { readFileSync } from "node:fs";
import { link, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { onDisk } from "./durable-files.js";
import { RunFolderLocked } from "./errors.js";

const ownerSchema = z.object({ pid: z.int().positive(), host: z.string(), start: z.string().nullable() });
type Owner = z.infer<typeof ownerSchema>;

/** Start time of a process in clock ticks since boot (field 22 of proc_pid_stat(5)), null where there is no such file. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses and may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  // Another machine's processes cannot be seen from here: its lock is respected.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const start = startOf(owner.pid);
  return owner.start === null || start === null || owner.start === start;
}

async function readOwner(path: string): Promise<Owner | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Who writes this run at the moment, or undefined when nobody does. */
export async function liveOwner(directory: string): Promise<{ pid: number; host: string } | undefined> {
  const owner = await readOwner(lockPath(directory));
  return owner !== undefined && isAlive(owner) ? owner : undefined;
}

function lockPath(directory: string): string {
  return join(directory, "run.lock");
}

/** A held lock. */
export interface RunLock {
  release(): Promise<void>;
}

/** Take the folder for this process. @throws RunFolderLocked while a living process holds it */
export async function lockRun(directory: string): Promise<RunLock> {
  const path = lockPath(directory);
  const me: Owner = { pid: process.pid, host: hostname(), start: startOf(process.pid) };
  const draft = join(directory, `run.lock.${process.pid}`);
  for (;;) {
    const taken = await onDisk(path, async () => {
      // Written first and linked into place, so that nobody ever reads half a lock.
      const file = await open(draft, "w");
      await file.writeFile(`${JSON.stringify(me)}\n`);
      await file.close();
      return link(draft, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === "EEXIST") return false;
          throw error;
        },
      );
    }).finally(() => rm(draft, { force: true }));
    if (taken) return { release: () => rm(path, { force: true }) };
    const owner = await readOwner(path);
    if (owner !== undefined && isAlive(owner)) throw new RunFolderLocked(directory, owner.pid, owner.host);
    await removeStale(directory, path, owner);
  }
}

/** Move the stale lock away; when it turns out that a newer one was moved, put that back. */
async function removeStale(directory: string, path: string, stale: Owner | undefined): Promise<void> {
  const aside = join(directory, `run.lock.stale-${process.pid}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await readOwner(aside);
  const isStale = moved === undefined || (moved.pid === stale?.pid && moved.start === stale.start);
  if (!isStale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}
