/**
 * Entry of the worker thread in which a virtual board runs: `workerData` holds its end of the pipe and its options. The
 * pipe cuts the board's bytes anew, so that no reader can take a chunk for a message. The thread ends with the port.
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/base/clock.js";
import { rechunk } from "../../src/base/pipe-pair.js";
import { Rng } from "../../src/base/rng.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { messagePortPipe } from "./message-port-pipe.js";
import { serveBoardOnPipe } from "./pipe.js";

const { port, options } = workerData as { port: MessagePort; options: VirtualBoardOptions };
const cuts = Rng.fromSeed(options.rechunkSeed ?? 0).fork("board rechunking");
serveBoardOnPipe(rechunk(messagePortPipe(port), cuts), options, systemClock);
