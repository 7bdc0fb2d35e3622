/** Entry of the worker thread in which a virtual board runs: `workerData` carries its options and its end of the pipe. */
import { type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { pipeOfPort } from "./message-port.js";
import { listenOnPipe } from "./pipe.js";

const { port, options } = workerData as { port: MessagePort; options: VirtualBoardOptions };
listenOnPipe(pipeOfPort(port), options, systemClock);
