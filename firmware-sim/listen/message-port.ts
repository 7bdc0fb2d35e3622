/** A worker's message port as a byte pipe, board side. Every message is a chunk of bytes, transferred. */
import type { MessagePort } from "node:worker_threads";
import type { BytePipe } from "../../src/base/pipe.js";

export function pipeOfPort(port: MessagePort): BytePipe {
  return {
    async write(bytes) {
      const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
      port.postMessage(whole, [whole.buffer as ArrayBuffer]);
    },
    onData(listener) {
      port.on("message", (chunk: Uint8Array) => listener(chunk));
    },
    onClose(listener) {
      port.on("close", () => listener());
    },
    async close() {
      port.close();
    },
  };
}
