/**
 * A worker's message port as a byte pipe, board side: what is written in one go is one message, transferred. A port has no
 * back-pressure of its own; a write resolves when the thread has come round once, and the link's window bounds the rest.
 */
import type { MessagePort } from "node:worker_threads";
import { yieldToEvents } from "../../src/base/async.js";
import type { BytePipe } from "../../src/base/pipe.js";

export function messagePortPipe(port: MessagePort): BytePipe {
  let waiting: Uint8Array[] = [];
  // A message wakes the other thread, which costs more than copying the bytes: what is written in one go leaves as one.
  const post = (): void => {
    const bytes = concatenate(waiting);
    waiting = [];
    port.postMessage(bytes, [bytes.buffer]);
  };
  return {
    write(bytes) {
      if (waiting.length === 0) queueMicrotask(post);
      waiting.push(bytes);
      return yieldToEvents();
    },
    onData(listener) {
      port.on("message", (message: unknown) => {
        if (message instanceof Uint8Array) listener(message);
      });
    },
    onClose(listener) {
      port.on("close", () => listener());
    },
    async close() {
      // What has been written leaves before the port closes.
      await Promise.resolve();
      port.close();
    },
  };
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}
