/**
 * Entry of the worker thread in which a virtual board runs: `workerData` holds its end of the pipe and its options. The
 * host's end cuts the bytes of both directions anew. The thread ends with the port.
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { messagePortPipe } from "./message-port-pipe.js";
import { serveBoardOnPipe } from "./pipe.js";

const { port, options } = workerData as { port: MessagePort; options: VirtualBoardOptions };
serveBoardOnPipe(messagePortPipe(port), options, systemClock);
