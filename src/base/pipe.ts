/**
 * One end of a byte pipe: what a serial port, a worker's message port or a test double offers. Bytes may arrive in any
 * chunks; a reader must not take a chunk for a message. `write` takes ownership of the bytes.
 */
export interface BytePipe {
  /** Queue bytes for the other end. Resolves when the pipe can take more (back-pressure). */
  write(bytes: Uint8Array): Promise<void>;
  /** Set the one reader. Chunks that arrived before are delivered first. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Called once when the pipe is gone; `error` is absent after an orderly close. */
  onClose(listener: (error?: Error) => void): void;
  close(): Promise<void>;
}
