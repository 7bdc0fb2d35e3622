/**
 * The ledger on disk: every entry is appended, and by default forced to the disk, before anybody is told of it. A process
 * that is killed leaves at most one torn record at the end, which was acknowledged to nobody and is cut off. One writer
 * at a time; entries that come while the disk is busy go out together.
 *
 *   file   = "hxloop-gateway/2\n" record*
 *   record = head length | payload length | CRC-32 of head and payload | head, JSON | payload       (32 bit, big-endian)
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { type Deferred, deferred, yieldToEvents } from "../base/async.js";
import { taggedError } from "../base/errors.js";
import { entrySchema, Ledger, type LedgerRecord } from "./ledger.js";

/** The state folder cannot be used: free space, another folder, or remove what is damaged. */
export class StateUnusable extends taggedError("StateUnusable", "input") {}

const magic = new TextEncoder().encode("hxloop-gateway/2\n");
const headBytes = 12;
/** The file is written anew when it is longer than this, and than twice what was needed the last time. */
const defaultCompactBytes = 64 << 20;

/** @returns the record in two pieces; the payload is not copied */
function encode({ entry, payload }: LedgerRecord): Uint8Array[] {
  const head = new TextEncoder().encode(JSON.stringify(entry));
  const first = new Uint8Array(headBytes + head.length);
  const view = new DataView(first.buffer);
  view.setUint32(0, head.length);
  view.setUint32(4, payload.length);
  view.setUint32(8, crc32(payload, crc32(head)));
  first.set(head, headBytes);
  return payload.length === 0 ? [first] : [first, payload];
}

/** @returns the record at `at` and where the next one is; undefined when there is no whole one */
function decode(file: Uint8Array, at: number): { record: LedgerRecord; next: number } | undefined {
  if (at + headBytes > file.length) return undefined;
  const view = new DataView(file.buffer, file.byteOffset);
  const head = at + headBytes;
  const payload = head + view.getUint32(at);
  const next = payload + view.getUint32(at + 4);
  if (next > file.length || crc32(file.subarray(head, next)) !== view.getUint32(at + 8)) return undefined;
  const entry = entrySchema.parse(JSON.parse(new TextDecoder().decode(file.subarray(head, payload))));
  // Copied, so that the whole file need not stay in memory.
  return { record: { entry, payload: file.slice(payload, next) }, next };
}

export interface JournalOptions {
  readonly compactBytes?: number;
  /**
   * `disk`: entries are forced to the disk before anybody hears of them, and survive a power failure. `system`: the
   * system has them, which survives the end of this process however sudden, and not the machine's. Default `disk`.
   */
  readonly sync?: "disk" | "system";
}

export class Journal {
  readonly path: string;
  readonly ledger: Ledger;
  readonly #options: Required<JournalOptions>;
  #file: FileHandle;
  #length: number;
  /** Length after the last writing anew. */
  #floor = 0;
  #waiting: { readonly pieces: Uint8Array[]; readonly done: Deferred<void> }[] = [];
  #writing: Promise<void> | undefined;
  /** The batch that is being written. */
  #last: Promise<unknown> | undefined;
  #failure: StateUnusable | undefined;

  private constructor(path: string, file: FileHandle, length: number, ledger: Ledger, options: JournalOptions) {
    this.path = path;
    this.#file = file;
    this.#length = length;
    this.ledger = ledger;
    this.#options = { compactBytes: defaultCompactBytes, sync: "disk", ...options };
  }

  /** Read the journal of a folder, or begin one. @throws StateUnusable */
  static async open(folder: string, options: JournalOptions = {}): Promise<Journal> {
    const path = join(folder, "journal");
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
      const bytes = new Uint8Array(await file.readFile());
      const ledger = new Ledger();
      let at = bytes.length === 0 ? 0 : magic.length;
      if (bytes.length > 0 && !magic.every((byte, i) => bytes[i] === byte))
        throw new StateUnusable(`${path} is no journal of a gateway; name another state folder`);
      for (let next = decode(bytes, at); next !== undefined; next = decode(bytes, at)) {
        ledger.apply(next.record);
        at = next.next;
      }
      await file.truncate(at);
      if (at === 0) at += (await file.write(magic, 0, magic.length, 0)).bytesWritten;
      await file.sync();
      await syncFolder(folder);
      return new Journal(path, file, at, ledger, options);
    } catch (cause) {
      if (cause instanceof StateUnusable) throw cause;
      throw new StateUnusable(`cannot use ${path}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Why nothing can be kept any more. */
  get failure(): StateUnusable | undefined {
    return this.#failure;
  }
  get byteLength(): number {
    return this.#length;
  }

  /** Apply an entry at once; resolves when it, and every one before it, is on the disk. @throws StateUnusable */
  append(record: LedgerRecord): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.ledger.apply(record);
    const done = deferred<void>();
    done.promise.catch(() => undefined);
    this.#waiting.push({ pieces: encode(record), done });
    this.#writing ??= this.#write();
    return done.promise;
  }

  /** Resolves when everything that was appended so far is on the disk. @throws StateUnusable */
  async settled(): Promise<void> {
    await (this.#waiting.at(-1)?.done.promise ?? this.#last);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // What follows at once goes along: a run that is taken by an idle board is started with the same write.
    await yieldToEvents();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#last = batch.at(-1)?.done.promise;
      try {
        if (this.#length > Math.max(this.#options.compactBytes, 2 * this.#floor)) await this.#compact();
        else {
          const bytes = batch.flatMap((item) => item.pieces);
          const { bytesWritten } = await this.#file.writev(bytes, this.#length);
          const wanted = bytes.reduce((sum, { length }) => sum + length, 0);
          if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes were written`);
          this.#length += bytesWritten;
          if (this.#options.sync === "disk") await this.#file.datasync();
        }
        for (const { done } of batch) done.resolve();
      } catch (cause) {
        this.#failure = new StateUnusable(`cannot write ${this.path}: ${(cause as Error).message}`, { cause });
        for (const { done } of [...batch, ...this.#waiting]) done.reject(this.#failure);
        this.#waiting = [];
      }
    }
    this.#writing = undefined;
  }

  /** Write what is still needed beside the journal, then in its place. Entries that wait are in the ledger already. */
  async #compact(): Promise<void> {
    const temporary = `${this.path}.new`;
    const records = [magic, ...Array.from(this.ledger.records(), encode).flat()];
    // Those that came since are in the records too.
    const also = this.#waiting;
    this.#waiting = [];
    try {
      const file = await open(temporary, "w", 0o600);
      let length = 0;
      for (const bytes of records) length += (await file.write(bytes, 0, bytes.length, length)).bytesWritten;
      await file.sync();
      await rename(temporary, this.path);
      await syncFolder(dirname(this.path));
      await this.#file.close();
      this.#file = file;
      this.#length = length;
      this.#floor = length;
      for (const { done } of also) done.resolve();
    } catch (error) {
      for (const { done } of also) done.reject(error);
      throw error;
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().catch(() => undefined);
  await folder.close();
}
