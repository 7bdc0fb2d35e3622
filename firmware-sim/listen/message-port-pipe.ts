/**
 * A worker's message port as a byte pipe, board side: each message is a chunk of bytes, transferred. A port has no
 * back-pressure of its own; a write resolves when the thread has come round once, and the link's window bounds the rest.
 */
import type { MessagePort } from "node:worker_threads";
import { yieldToEvents } from "../../src/base/async.js";
import type { BytePipe } from "../../src/base/pipe.js";

export function messagePortPipe(port: MessagePort): BytePipe {
  return {
    write(bytes) {
      // Transferring takes the whole buffer, so bytes that share theirs are copied.
      const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
      port.postMessage(owned, [owned.buffer as ArrayBuffer]);
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
      port.close();
    },
  };
}
