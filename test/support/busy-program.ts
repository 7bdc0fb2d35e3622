import type { Session } from "../../src/device/interface/index.js";
import { BackgroundSpikeSource, BackgroundSpikeSourceOnDls } from "../../src/protocol/index.js";

/**
 * A program that lasts for minutes of wall time: waits of 0.8 s of FPGA time, with a background source on, as a virtual
 * chip passes over a wait in which nothing can happen.
 */
export function busyProgram(session: Session) {
  const builder = session.program();
  builder.write(BackgroundSpikeSource, BackgroundSpikeSourceOnDls.at(0), {
    enable: true,
    enableRandom: true,
    period: 0xffff,
  });
  for (let i = 0; i < 300; i++) builder.resetTimer().waitUntil(100_000_000);
  return builder.build();
}
