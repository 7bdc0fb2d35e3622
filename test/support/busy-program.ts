import { AtomicNeuronOnDls, NeuronBackendConfig, type Session } from "../../src/device/interface/index.js";

/**
 * A program that lasts for minutes of wall time: waits of 0.8 s of FPGA time, in which a neuron is heard that never spikes,
 * as a virtual chip passes over a wait in which nothing can happen.
 */
export function busyProgram(session: Session) {
  const builder = session.program();
  builder.write(NeuronBackendConfig, AtomicNeuronOnDls.at(0), { enableSpikeOut: true });
  for (let i = 0; i < 300; i++) builder.resetTimer().waitUntil(100_000_000);
  return builder.build();
}
