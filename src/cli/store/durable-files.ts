/**
 * Files that are whole or absent: written beside their place, forced to the disk, then renamed. A crash leaves at most
 * something in the scratch folder, which nobody reads and the next run clears. Knows nothing of what the files mean.
 */
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RunFolderUnwritable } from "./errors.js";

const refusals = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "ENOTDIR",
  "EEXIST",
  "ENAMETOOLONG",
  "EISDIR",
  // Where a folder was asked for before: a place in which nothing can be made.
  "ENOENT",
]);

/** Name the object in an error of the file system; anything else passes through. @throws RunFolderUnwritable */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw refusal(path, cause);
  }
}

/** What to throw for an error of the file system: one that names the object, when it is a refusal. */
export function refusal(path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === undefined || !refusals.has(code)) return cause;
  const why = code === "ENOSPC" || code === "EDQUOT" ? "no space is left" : message;
  return new RunFolderUnwritable(`cannot write ${path}: ${why}`, { cause });
}

/**
 * Make a folder and those above it. Not `mkdir` with `recursive`: where folders can be made by nobody (`/proc`), that one
 * tries for ever.
 * @returns those that were made, outermost first @throws RunFolderUnwritable
 */
export async function makeFolder(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  const made: string[] = [];
  for (const folder of missing) {
    try {
      await mkdir(folder);
      made.push(folder);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // Somebody else was faster.
      if (code === "EEXIST") continue;
      if (code === "ENOENT")
        throw new RunFolderUnwritable(`cannot write ${path}: no folder can be made there`, { cause });
      throw refusal(path, cause);
    }
  }
  return made;
}

async function writeSynced(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Make a rename in this folder durable. Some file systems refuse to sync a folder; there the rename has to do. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  if (folder === undefined) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
}

/** Write or replace one file that is nobody's but the reader's: beside its place, then renamed. @throws RunFolderUnwritable */
export async function replaceFile(path: string, text: string): Promise<void> {
  await onDisk(path, async () => {
    await makeFolder(dirname(path));
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
    await writeSynced(temporary, text);
    await rename(temporary, path);
  });
}

/** Places files and whole folders atomically, using one scratch folder on the same file system. */
export class DurableFiles {
  readonly #scratch: string;
  #next = 0;

  /** @param scratch folder for what is not finished yet; must not hold anything else */
  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /** Remove what an earlier process left unfinished. */
  async clear(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true });
  }

  async #temporary(): Promise<string> {
    await makeFolder(this.#scratch);
    return join(this.#scratch, `${process.pid}-${this.#next++}`);
  }

  /** Write or replace one file. @throws RunFolderUnwritable */
  async putFile(path: string, bytes: Uint8Array | string): Promise<void> {
    await onDisk(path, async () => {
      const temporary = await this.#temporary();
      await makeFolder(dirname(path));
      await writeSynced(temporary, bytes);
      await rename(temporary, path);
      await syncFolder(dirname(path));
    });
  }

  /**
   * Write or replace a folder with all that is in it.
   * @param files contents by path relative to the folder, with `/` between the parts
   * @throws RunFolderUnwritable
   */
  async putFolder(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await onDisk(path, async () => {
      const temporary = await this.#temporary();
      const placed = [...files].map(([name, bytes]) => [join(temporary, ...name.split("/")), bytes] as const);
      const folders = new Set(placed.map(([file]) => dirname(file)));
      for (const folder of folders) await makeFolder(folder);
      // Together, so that the file system's journal commits once for many.
      await Promise.all(placed.map(([file, bytes]) => writeSynced(file, bytes)));
      await Promise.all([...folders].map(syncFolder));
      await makeFolder(dirname(path));
      const old = await this.#temporary();
      // A folder cannot be renamed onto one that has content: the old one steps aside first.
      await rename(path, old).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
      await rename(temporary, path);
      await syncFolder(dirname(path));
      await rm(old, { recursive: true, force: true });
    });
  }
}
