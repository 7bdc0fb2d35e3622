/**
 * A byte pipe with faults in both directions, frame by frame: the board's end of a bad line. A frame ends with a zero
 * byte; faults hit the coded bytes, so what they damage the checksum of the frame must notice.
 */
import type { Clock } from "../../src/base/clock.js";
import { type FaultCounters, FaultLane } from "../../src/base/faults/fault-lane.js";
import type { FaultSpec } from "../../src/base/faults/fault-spec.js";
import type { BytePipe } from "../../src/base/pipe.js";
import type { Rng } from "../../src/base/rng.js";

export interface FaultyPipeOptions {
  readonly spec: FaultSpec;
  readonly rng: Rng;
  readonly clock: Clock;
  /** The board restarts. */
  restart(): void;
}

/** Bytes without an end mark that count as a frame. */
const longestFrame = 4096;

export interface FaultyPipe extends BytePipe {
  readonly faults: { readonly toBoard: FaultCounters; readonly toHost: FaultCounters };
}

/** @param pipe is closed when a fault pulls the cable */
export function faultyPipe(pipe: BytePipe, { spec, rng, clock, restart }: FaultyPipeOptions): FaultyPipe {
  let listener: (chunk: Uint8Array) => void = () => {};
  const common = { clock, corruption: "flip", cut: () => void pipe.close() } as const;
  const toBoard = new FaultLane({
    ...common,
    spec,
    rng: rng.fork("to board"),
    restart,
    deliver: (frame) => listener(frame),
  });
  const { restart: _once, ...spoken } = spec;
  const toHost = new FaultLane({
    ...common,
    spec: spoken,
    rng: rng.fork("to host"),
    // A pipe that is gone tells so through `onClose`.
    deliver: (frame) => void pipe.write(frame).catch(() => {}),
  });
  const end = (): void => {
    toBoard.close();
    toHost.close();
  };
  const split = frameSplitter((frame) => toBoard.push(frame));
  return {
    faults: { toBoard: toBoard.counters, toHost: toHost.counters },
    async write(frame) {
      toHost.push(frame);
    },
    onData(take) {
      listener = take;
      pipe.onData(split);
    },
    onClose(take) {
      pipe.onClose((error) => {
        end();
        take(error);
      });
    },
    async close() {
      end();
      await pipe.close();
    },
  };
}

/** Joins chunks and cuts them behind each zero byte. */
function frameSplitter(onFrame: (frame: Uint8Array) => void): (chunk: Uint8Array) => void {
  const partial = new Uint8Array(longestFrame);
  let held = 0;
  const hold = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, longestFrame - held);
      partial.set(bytes.subarray(at, at + count), held);
      held += count;
      at += count;
      if (held === longestFrame) emit();
    }
  };
  const emit = (): void => {
    const length = held;
    held = 0;
    onFrame(partial.slice(0, length));
  };
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(0, at);
      hold(end < 0 ? chunk.subarray(at) : chunk.subarray(at, end + 1));
      if (end < 0) return;
      if (held > 0) emit();
      at = end + 1;
    }
  };
}
