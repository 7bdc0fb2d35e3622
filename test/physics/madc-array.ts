/** The membranes of many neurons one after the other through the MADC, each for some tens of microseconds. */
import {
  AtomicNeuronOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  fpgaCyclesPerUs,
  MadcConfig,
  MadcControl,
  madcChipTimes,
  NeuronConfig,
  ReadoutSourceSelection,
  type Session,
  sharedCapMemCell,
  theChip,
} from "../../src/device/interface/index.js";

/** The first 8 us of a recording are not valid. */
const warmUpUs = 9;
const neuronsPerRun = 64;

/**
 * Lowest and highest sample of each neuron's membrane, V nominal. The neurons must have been set up and must fire.
 * @param switches of all the neurons
 */
export async function measureExtremes(
  session: Session,
  neurons: readonly number[],
  switches: Partial<ReturnType<typeof NeuronConfig.decode>>,
  windowUs: number,
): Promise<{ readonly low: number[]; readonly high: number[] }> {
  const low: number[] = [];
  const high: number[] = [];
  const numberOfSamples = Math.floor(((warmUpUs + windowUs) * 500) / 17);
  const first = session.program();
  for (const name of ["readout_ac_mux_i_bias", "readout_madc_in_500na"] as const)
    first.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(0), name), { value: 500 });
  first
    .write(MadcConfig, theChip, { numberOfSamples })
    .write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true })
    .resetTimer();
  for (let us = 5000; us <= 20_000; us += 5000) first.waitUntil(us * fpgaCyclesPerUs);
  await session.run(first.build());
  for (let from = 0; from < neurons.length; from += neuronsPerRun) {
    const group = neurons.slice(from, from + neuronsPerRun);
    const builder = session.program();
    const starts = group.map((neuron) => {
      const at = AtomicNeuronOnDls.at(neuron);
      const line = `neuron${neuron % 2 === 0 ? "Even" : "Odd"}${neuron < 256 ? "Top" : "Bottom"}0` as const;
      builder
        .write(NeuronConfig, at, { ...switches, enableReadout: true })
        .write(ReadoutSourceSelection, theChip, { [line]: true })
        .resetTimer()
        .write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
      const start = builder.tick();
      builder
        .waitUntil(fpgaCyclesPerUs)
        .write(MadcControl, theChip, { enablePreAmplifier: true })
        .waitUntil((warmUpUs + windowUs + 2) * fpgaCyclesPerUs)
        .write(NeuronConfig, at, { ...switches, enableReadout: false });
      return start;
    });
    const { madc } = await session.run(builder.barrier("omnibus").build());
    const times = madcChipTimes(madc);
    let k = 0;
    for (const start of starts) {
      const begin = 2 * start.fpgaTime() + warmUpUs * 250;
      while ((times[k] ?? Infinity) < begin) k++;
      const from = k;
      while ((times[k] ?? Infinity) < begin + windowUs * 250) k++;
      const values = madc.value.subarray(from, k);
      low.push(1.2e-3 * Math.min(...values));
      high.push(1.2e-3 * Math.max(...values));
    }
  }
  return { low, high };
}
