/**
 * Entry of the worker thread in which a virtual board runs: `workerData` holds its end of the port, its options, and the
 * rings of shared memory, without which the port is a byte pipe. The thread ends with the port.
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { messagePortPipe } from "./message-port-pipe.js";
import { serveBoardOnPipe } from "./pipe.js";
import { serveBoardOnRings } from "./shared-memory.js";

const { port, options, rings } = workerData as {
  port: MessagePort;
  options: VirtualBoardOptions;
  rings?: Parameters<typeof serveBoardOnRings>[1];
};
if (rings) serveBoardOnRings(port, rings, options, systemClock);
else serveBoardOnPipe(messagePortPipe(port), options, systemClock);
