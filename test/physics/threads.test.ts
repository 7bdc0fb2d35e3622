/**
 * Same seed, same bytes, whatever the number of threads and of circuits integrated side by side. Every virtual board runs
 * in a thread of its own; what it sends is compared sample by sample and spike by spike.
 */
import { describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { writeCodes } from "../../src/calib/codes.js";
import { paperTask } from "../../src/calib/task/paper.js";
import {
  AtomicNeuronOnDls,
  connectCadc,
  fpgaCyclesPerUs,
  MadcConfig,
  MadcControl,
  madcChipTimes,
  NeuronBackendConfig,
  ReadoutSourceSelection,
  readCadcRow,
  type Session,
  theChip,
} from "../../src/device/interface/index.js";

const configured = Array.from({ length: 40 }, (_, k) => 12 * k);
const stepUs = 300;

interface Bytes {
  readonly madc: readonly number[];
  /** Chip times by neuron. */
  readonly spikes: readonly (readonly number[])[];
  readonly cadc: readonly number[];
}

/** 40 neurons set up alike, `speaking` of them heard from, the first one on the MADC, all on the CADC. */
async function experiment(session: Session, speaking: readonly number[]): Promise<Bytes> {
  await session.reinit();
  const builder = session.program();
  connectCadc(builder);
  const { sharedCodes, commonBackendConfig: commonBackend, neuronConfig, backendConfig } = paperTask;
  const codes = { ...paperTask.neuronCodes, v_reset: 600, i_bias_adapt_tau: 300, v_leak: 900 };
  writeCodes(builder, {
    sharedCodes,
    commonBackend,
    neurons: configured.map((neuron) => ({
      neuron,
      codes,
      switches: { ...neuronConfig, enableReadout: neuron === 0 },
      backend: backendConfig,
    })),
  });
  builder
    .write(ReadoutSourceSelection, theChip, { neuronEvenTop0: true })
    .write(MadcConfig, theChip, { numberOfSamples: 5000 })
    .write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true })
    .barrier("omnibus")
    .resetTimer();
  for (let us = 5000; us <= 20_000; us += 5000) builder.waitUntil(us * fpgaCyclesPerUs);
  // Each neuron begins to be observed at a time of its own, the same whoever else is.
  configured.forEach((neuron, k) => {
    builder.waitUntil((20_000 + 2 * k) * fpgaCyclesPerUs);
    if (!speaking.includes(neuron)) return;
    builder.write(NeuronBackendConfig, AtomicNeuronOnDls.at(neuron), {
      ...backendConfig,
      enableSpikeOut: true,
      addressOut: k,
    });
  });
  builder.waitUntil(20_200 * fpgaCyclesPerUs);
  builder.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
  builder.waitUntil(20_201 * fpgaCyclesPerUs).write(MadcControl, theChip, { enablePreAmplifier: true });
  builder.waitUntil((20_200 + stepUs) * fpgaCyclesPerUs);
  const row = readCadcRow(builder, 0);
  const { madc, spikes } = await session.run(builder.barrier("omnibus").build());
  const byNeuron = configured.map((): number[] => []);
  spikes.chipTime.forEach((time, k) => {
    byNeuron[(spikes.label[k] as number) & 0xff]?.push(time);
  });
  return { madc: [...madcChipTimes(madc), ...madc.value], spikes: byNeuron, cadc: [...row.get().causal] };
}

async function onBoard(seed: number, speaking: readonly number[]): Promise<Bytes> {
  const device = await openDevice(`virtual:?chip=${seed}`);
  try {
    return await experiment(await device.openSession(), speaking);
  } finally {
    await device.close();
  }
}

describe("one seed", { timeout: 120_000 }, () => {
  it("gives the same bytes on one thread and on four at once", async () => {
    const heard = configured.slice(0, 20);
    const alone = await onBoard(31, heard);
    expect(alone.madc.length).toBe(2 * 5000);
    expect(alone.spikes.flat().length).toBeGreaterThan(100);
    const [first, other, second, third] = await Promise.all([31, 32, 31, 31].map((seed) => onBoard(seed, heard)));
    for (const again of [first, second, third]) expect(again).toEqual(alone);
    expect(other).not.toEqual(alone);
  });

  it("gives each neuron the same spikes alone, with seven others and with thirty-nine", async () => {
    const all = await onBoard(31, configured);
    const few = await onBoard(31, configured.slice(8, 16));
    // The one on the MADC is heard, too: when its observation begins is part of what it does.
    const one = await onBoard(31, [0, 144]);
    const counts = all.spikes.map((times) => times.length);
    expect(counts.filter((count) => count > 5).length).toBeGreaterThan(30);
    for (let k = 8; k < 16; k++) expect(few.spikes[k]).toEqual(all.spikes[k]);
    expect(one.spikes[12]).toEqual(all.spikes[12]);
    expect(one.madc).toEqual(all.madc);
  });
});
