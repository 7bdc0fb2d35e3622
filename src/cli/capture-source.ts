/** A capture file as chunks for a reader: once from end to end, or on and on while somebody writes it. */
import { type FileHandle, open } from "node:fs/promises";
import { sleep } from "../base/async.js";
import type { Clock } from "../base/clock.js";
import { type CaptureListener, CaptureReader } from "../protocol/capture/capture-reader.js";
import type { CaptureInvalid } from "../protocol/capture/errors.js";
import { FileUnreadable } from "./errors.js";

const chunkBytes = 1 << 20;
/** How often a file that is followed is looked at, ms. */
const pollMs = 100;

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Wait for more at the end, until the recording ends in order. */
  readonly follow?: boolean;
}

/**
 * Read a whole capture.
 * @param onChunk called after each chunk, so that a caller can write what it has
 * @returns what is missing when the file ends inside a block
 * @throws FileUnreadable, CaptureInvalid, signal.reason
 */
export async function readCapture(
  path: string,
  listener: CaptureListener,
  { clock, signal, follow = false }: FollowOptions,
  onChunk: () => Promise<void> | void = () => {},
): Promise<CaptureInvalid | undefined> {
  const reader = new CaptureReader(path, listener);
  const file = await openFile(path);
  try {
    const chunk = new Uint8Array(chunkBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, null);
      if (bytesRead > 0) {
        reader.push(chunk.subarray(0, bytesRead));
        await onChunk();
      } else if (follow && !reader.isComplete) await sleep(clock, pollMs, signal);
      else return reader.end();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR") throw unreadable(path, error);
    throw error;
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): FileUnreadable {
  return new FileUnreadable(`cannot read capture ${path}: ${(cause as Error).message}`, { cause });
}
