/** The readout path's kernels against their reference bodies: chips that differ in nothing else send the same samples. */
import { expect, it } from "vitest";
import { loadKernels } from "../../src/kernels/load.js";
import { MadcConfig, MadcControl, ReadoutSourceSelection, theChip } from "../../src/protocol/index.js";
import { BenchChip } from "../physics/bench-chip.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;

type Config = Partial<ReturnType<typeof MadcConfig.decode>>;
type Routing = Partial<ReturnType<typeof ReadoutSourceSelection.decode>>;

function recorded(
  kernels: WebAssembly.Module | undefined,
  config: Config,
  routing: Routing,
  pieces: readonly number[],
) {
  const bench = new BenchChip({ seed: 12, knobs: { missingSamples: 5 }, ...(kernels && { kernels }) });
  bench.configure(4, { v_reset: 650 }, { enableMembraneOffset: true });
  bench.writeCodes(7, { v_leak: 400, i_bias_leak: 300 });
  bench.writeConfig(7, {});
  bench.writeConfig(8, { readoutSource: 3 });
  bench.write(ReadoutSourceSelection, theChip, { neuronEvenTop0: true, ...routing });
  bench.wait(20_000);
  bench.write(MadcConfig, theChip, { numberOfSamples: 6000, ...config });
  bench.write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true });
  bench.wait(2);
  bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
  const [time, value]: [number[], number[]] = [[], []];
  for (const piece of pieces) {
    bench.wait(piece);
    const taken = bench.chip.takeMadc();
    time.push(...taken.time);
    value.push(...taken.value);
  }
  return { time, value };
}

it.each([
  ["every 34 ns", {}, {}],
  ["with the shortest distance", { sampleDurationAdjust: 0 }, {}],
  ["with a distance of half units", { sampleDurationAdjust: 7 }, {}],
  ["slowly", { enableMadcClockScaling: true, madcClockScaleValue: 3 }, {}],
  ["very slowly", { enableMadcClockScaling: true, madcClockScaleValue: 200 }, {}],
  ["two inputs in turn", { activeMuxInputSelectLength: 3 }, { neuronOddTop1: true }],
  ["an input that nothing drives", { activeMuxInitiallySelectedInput: 1 }, {}],
  ["numbers instead of samples", { enableDummyData: true }, {}],
  ["nothing but the floating line", { connectPreampToMadc: false }, {}],
] as const)("takes the samples that the reference takes: %s", (_, config, routing) => {
  const whole = recorded(module, config, routing, [200]);
  expect(whole.value.length).toBeGreaterThan(10);
  expect(whole).toEqual(recorded(undefined, config, routing, [200]));
  // Cut anywhere: odd numbers of steps and of samples.
  expect(recorded(module, config, routing, [0.1, 13.004, 40.012, 0.004, 66.02, 80.86])).toEqual(whole);
});
