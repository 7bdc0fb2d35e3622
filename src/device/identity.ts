/** Finds out which board is on the other end: its FPGA's serial number, the same for every user of the board. */
import type { Clock } from "../base/clock.js";
import { FpgaDeviceDna } from "../protocol/containers/executor.js";
import { theFpga } from "../protocol/coordinates/unique.js";
import { Builder } from "./playback/builder.js";
import { takeProgram } from "./playback/program.js";
import type { ProgramRunner } from "./playback/runner.js";

/** @returns the 57-bit serial number, hexadecimal */
export async function readBoardId(runner: ProgramRunner, clock: Clock, signal?: AbortSignal): Promise<string> {
  const builder = new Builder(clock);
  const ticket = builder.read(FpgaDeviceDna, theFpga);
  await runner.run(takeProgram(builder.build()), signal === undefined ? {} : { signal });
  const { high, low } = ticket.get();
  return high.toString(16).padStart(7, "0") + low.toString(16).padStart(8, "0");
}
