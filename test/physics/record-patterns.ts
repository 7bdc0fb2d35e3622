/** Many neurons at the codes of one firing pattern, side by side in one program, through the device: spikes alone. */
import { type CodeSet, writeCodes } from "../../src/calib/codes.js";
import type { FiringPattern } from "../../src/calib/target/pattern.js";
import {
  AtomicNeuronOnDls,
  fpgaCyclesPerUs,
  NeuronBackendConfig,
  NeuronConfig,
  type Session,
  type Ticket,
} from "../../src/device/interface/index.js";
import { patternTask } from "./pattern-codes.js";

/** Longest single wait, us: the board ends a program whose instruction stalls for 10 ms. */
const longestWaitUs = 5000;

/**
 * Spike times of each neuron from the onset of its own step on, to its end; microseconds.
 * @param neurons at most 256 numbers 0..511: backend addresses have 8 bits
 */
export async function recordPatterns(
  session: Session,
  name: FiringPattern,
  neurons: readonly number[],
): Promise<number[][]> {
  const task = patternTask(name);
  const { onUs, offUs } = task.stimulus;
  const { neuronConfig, timing } = task;
  const resting = { ...neuronConfig, enableAdaptation: false, enableExponential: false, enableReadout: false };
  await session.reinit();
  const builder = session.program();
  const codes: CodeSet = {
    sharedCodes: task.sharedCodes,
    commonBackend: task.commonBackendConfig,
    neurons: neurons.map((neuron, addressOut) => ({
      neuron,
      codes: task.neuronCodes,
      switches: resting,
      backend: { ...task.backendConfig, addressOut, enableSpikeOut: false },
    })),
  };
  writeCodes(builder, codes);
  builder.barrier("omnibus").resetTimer();
  const startUs = 2 * timing.settleUs;
  for (let us = longestWaitUs; us <= startUs; us += longestWaitUs) builder.waitUntil(us * fpgaCyclesPerUs);
  neurons.forEach((neuron, addressOut) => {
    builder.write(NeuronBackendConfig, AtomicNeuronOnDls.at(neuron), { ...task.backendConfig, addressOut });
  });
  const onsets: Ticket<void>[] = neurons.map((neuron) => {
    const onset = builder.tick();
    builder.write(NeuronConfig, AtomicNeuronOnDls.at(neuron), {
      ...neuronConfig,
      enableReadout: false,
      enableMembraneOffset: true,
    });
    return onset;
  });
  builder.waitUntil((startUs + offUs - onUs + 200) * fpgaCyclesPerUs).barrier("omnibus");
  const { spikes } = await session.run(builder.build(), { timeoutMs: 0 });
  const trains = neurons.map((): number[] => []);
  spikes.chipTime.forEach((time, k) => {
    const neuron = (spikes.label[k] as number) & 0xff;
    const us = time / 250 - (onsets[neuron]?.fpgaTime() ?? 0) / fpgaCyclesPerUs;
    if (us >= 0 && us < offUs - onUs) trains[neuron]?.push(us);
  });
  return trains;
}
