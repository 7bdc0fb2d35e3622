/**
 * A common scale for 512 CADC channels: every channel's counts against what the one MADC says of the same membrane, at
 * two levels. The spread of channels and quadrants falls out; that of a neuron's own readout amplifier stays, as both
 * converters look through it.
 */
import {
  AtomicNeuronOnDls,
  fpgaCyclesPerUs,
  MadcConfig,
  MadcControl,
  NeuronConfig,
  ReadoutSourceSelection,
  readCadcRow,
  type Session,
  theChip,
} from "../../device/interface/index.js";
import { median } from "../diagnostics/predictive.js";
import { readoutOf } from "../recording/programs.js";
import { chipTicksPerFpgaCycle } from "../recording/segment.js";
import { ticksPerUs } from "../run-data.js";
import { type ArraySetting, cadcVolts, leakySwitches, numNeurons, setUpAll } from "./all-neurons.js";

/** Volt = offset + slope * count, for the channel of each neuron; shape (512). NaN where the two levels do not differ. */
export interface ConverterLines {
  readonly offset: Float64Array;
  readonly slope: Float64Array;
}

/** Nominal scale of the MADC, V per count. */
const madcStepVolts = 1.2 / 1024;
/** Its first 8 us are not valid; then so much is averaged, us. */
const warmUpUs = 9;
const averageUs = 5;
const switchUs = 2;
/** Neurons of one program. */
const perProgram = 128;
const conversions = 4;
/** Least difference of the two levels, counts: they lie 190 mV or 42 counts apart where a neuron works. */
const leastCounts = 15;

/** The levels are those of `v_leak`: two codes. */
export async function measureConverterLines(
  session: Session,
  codes: ArraySetting["codes"],
  levels: readonly [number, number],
  onStep: () => void = () => {},
  signal?: AbortSignal,
): Promise<ConverterLines> {
  const counts: Float64Array[] = [];
  const volts: Float64Array[] = [];
  for (const v_leak of levels) {
    await setUpAll(session, { codes: { ...codes, v_leak } }, signal);
    counts.push(await readCounts(session, signal));
    volts.push(await readByMadc(session, signal));
    onStep();
  }
  const [c0, c1] = counts as [Float64Array, Float64Array];
  const [v0, v1] = volts as [Float64Array, Float64Array];
  const slope = c0.map((low, n) => {
    const apart = (c1[n] as number) - low;
    return Math.abs(apart) < leastCounts ? Number.NaN : ((v1[n] as number) - (v0[n] as number)) / apart;
  });
  return { slope, offset: slope.map((s, n) => (v0[n] as number) - s * (c0[n] as number)) };
}

/** Mean counts of all channels, shape (512). */
export async function readCounts(session: Session, signal?: AbortSignal): Promise<Float64Array> {
  const builder = session.program();
  const rows = Array.from({ length: conversions }, () => [readCadcRow(builder, 0), readCadcRow(builder, 1)] as const);
  await session.run(builder.build(), signal === undefined ? {} : { signal });
  const mean = new Float64Array(numNeurons);
  for (const halves of rows) {
    for (const [half, row] of halves.entries()) {
      for (const [column, count] of row.get().causal.entries()) {
        const n = half * (numNeurons / 2) + column;
        mean[n] = (mean[n] as number) + count / conversions;
      }
    }
  }
  return mean;
}

/** Volts of counts by the lines; by the nominal scale where a channel has none. */
export function voltsOf({ offset, slope }: ConverterLines, counts: ArrayLike<number>): Float64Array {
  return Float64Array.from(counts, (count, n) => {
    const line = (offset[n] as number) + (slope[n] as number) * count;
    return Number.isFinite(line) ? line : cadcVolts(count);
  });
}

/** Every membrane in turn on the MADC, V, shape (512). */
async function readByMadc(session: Session, signal?: AbortSignal): Promise<Float64Array> {
  const options = signal === undefined ? {} : { signal };
  const volts = new Float64Array(numNeurons).fill(Number.NaN);
  for (let from = 0; from < numNeurons; from += perProgram) {
    const builder = session.program();
    builder.write(MadcConfig, theChip, { sampleDurationAdjust: 5, numberOfSamples: 600 });
    builder.write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true });
    builder.resetTimer().waitUntil(100 * fpgaCyclesPerUs);
    builder.write(MadcControl, theChip, { enablePreAmplifier: true });
    const starts = Array.from({ length: perProgram }, (_, k) => {
      const neuron = from + k;
      const at = AtomicNeuronOnDls.at(neuron);
      builder.write(ReadoutSourceSelection, theChip, readoutOf(neuron));
      builder.write(NeuronConfig, at, { ...leakySwitches, enableReadout: true });
      builder.resetTimer().waitUntil(switchUs * fpgaCyclesPerUs);
      builder.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
      const start = builder.tick();
      builder.waitUntil((switchUs + 1) * fpgaCyclesPerUs).write(MadcControl, theChip, { enablePreAmplifier: true });
      const endUs = switchUs + warmUpUs + averageUs;
      builder.waitUntil(endUs * fpgaCyclesPerUs);
      builder.write(MadcControl, theChip, { stopRecording: true, enablePreAmplifier: true });
      builder.waitUntil((endUs + 1) * fpgaCyclesPerUs).write(MadcControl, theChip, { enablePreAmplifier: true });
      builder.waitUntil((endUs + 3) * fpgaCyclesPerUs).write(NeuronConfig, at, leakySwitches);
      return start;
    });
    const { madc } = await session.run(builder.build(), options);
    let i = 0;
    for (const [k, start] of starts.entries()) {
      const begin = start.fpgaTime() * chipTicksPerFpgaCycle + warmUpUs * ticksPerUs - madc.origin;
      const end = begin + averageUs * ticksPerUs;
      const values: number[] = [];
      for (; i < madc.time.length && (madc.time[i] as number) < end; i++) {
        if ((madc.time[i] as number) >= begin) values.push(madc.value[i] as number);
      }
      volts[from + k] = values.length === 0 ? Number.NaN : madcStepVolts * median(values);
    }
  }
  return volts;
}
