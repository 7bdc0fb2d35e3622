/** docs/results/firing-patterns.md and its figure: what the eight patterns become on ideal and on varied neurons. */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { Rng } from "../../src/base/rng.js";
import { type FiringPattern, patternNames } from "../../src/calib/target/pattern.js";
import { classOf } from "../../src/calib/target/pattern-class.js";
import type { Session } from "../../src/device/interface/index.js";
import { patternFigure } from "./pattern-figure.js";
import { knownPatterns, runModel, variedNeuron } from "./pattern-model.js";
import { type PatternRecording, recordPattern } from "./record-pattern.js";
import { recordPatterns } from "./record-patterns.js";

const modelNeurons = 150;
const chipNeurons = 128;
const modelStepMs = 0.01;
const settings = [
  "preset=ideal&mismatch=0.12",
  "preset=ideal&mismatch=0.5",
  "preset=ideal&mismatch=1",
  "preset=typical&mismatch=0",
  "preset=typical",
] as const;

const percent = (share: number): string => `${Math.round(100 * share)}`;

/** Share of trains of a class, and the other classes, most frequent first. */
function told(name: FiringPattern, trains: readonly (readonly number[])[]): { share: number; others: string } {
  const counts = new Map<string, number>();
  for (const train of trains) {
    const found = classOf(train);
    counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  const share = (counts.get(name) ?? 0) / trains.length;
  counts.delete(name);
  const others = [...counts].sort((x, y) => y[1] - x[1]).slice(0, 3);
  return { share, others: others.map(([found, count]) => `${found} ${percent(count / trains.length)}`).join(", ") };
}

/** @param withChip opens the device of a URL, and closes it behind the work */
export async function writePatternPage(
  withChip: <T>(url: string, work: (session: Session) => Promise<T>) => Promise<T>,
): Promise<void> {
  const ideal = new Map<FiringPattern, PatternRecording>();
  await withChip("virtual:?chip=1&preset=ideal", async (session) => {
    for (const name of patternNames) ideal.set(name, await recordPattern(session, name, 0));
  });
  writeFileSync("docs/images/firing-patterns.svg", patternFigure(ideal));

  const rng = Rng.fromSeed(1);
  const model = (name: FiringPattern, share: number, mV: number): string => {
    const trains = Array.from(
      { length: modelNeurons },
      () => runModel(variedNeuron(name, rng, share, mV), modelStepMs).spikesMs,
    );
    return percent(told(name, trains).share);
  };
  const neurons = Array.from({ length: chipNeurons }, (_, k) => 4 * k + 1);
  const results = new Map<string, Map<FiringPattern, ReturnType<typeof told>>>();
  for (const setting of settings) {
    const found = new Map<FiringPattern, ReturnType<typeof told>>();
    await withChip(`virtual:?chip=1&${setting}`, async (session) => {
      for (const name of patternNames) found.set(name, told(name, await recordPatterns(session, name, neurons)));
    });
    results.set(setting, found);
  }
  const shareOf = (setting: string, name: FiringPattern): string =>
    percent(results.get(setting)?.get(name)?.share ?? Number.NaN);
  const counts = patternNames.map((name) => {
    const spikesUs = ideal.get(name)?.spikesUs ?? [];
    const { spikes, firstMs } = knownPatterns[name];
    return `| ${name} | ${spikes} | ${spikesUs.length} | ${firstMs} | ${spikesUs[0]?.toFixed(1)} | ${classOf(spikesUs)} |`;
  });
  const shares = patternNames.map((name) => {
    const { keptAt3, keptAt10 } = knownPatterns[name];
    const [low, high] = [model(name, 0.03, 0.3), model(name, 0.1, 1)];
    const chip = settings.map((setting) => shareOf(setting, name));
    return `| ${[name, percent(keptAt3), low, chip[0], percent(keptAt10), high, ...chip.slice(1)].join(" | ")} |`;
  });
  const becomes = patternNames.map((name) => `| ${name} | ${results.get("preset=typical")?.get(name)?.others} |`);
  writeFileSync("docs/results/firing-patterns.md", page(counts, shares, becomes));
}

const page = (counts: readonly string[], shares: readonly string[], becomes: readonly string[]): string =>
  `# Eight firing patterns

\`npm run results:patterns\`, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}.

Codes follow from the parameter sets by the formulas of [the chip's model](../chip-model.md), at 10 mV per biological mV
and 1000 times the speed (\`test/physics/pattern-codes.ts\`); nothing is fitted. The step begins at V = E_L, w = 0, as in the
model: exponential and adaptation are switched on with it (\`rest_until_onset\` of a [task](../tasks.md)). The reset takes
0.45 µs and aims below V_r, so that the membrane is let go where the model would be by then. Classes are told from the
intervals alone (\`src/calib/target/pattern-class.ts\`).

| pattern | spikes, model | spikes, ideal chip | first spike, model (ms) | ideal chip (µs) | class, ideal chip |
|---|---|---|---|---|---|
${counts.join("\n")}

![The eight patterns on the ideal chip](../images/firing-patterns.svg)

## How often neurons that differ keep their class

Percent. *Table*: the model with varied parameters and another classifier (\`test/vectors/README.md\`), 150 neurons, standard
error 1..4 points. *Model*: the same variation, our classifier, ${modelNeurons} neurons. *Chip*: ${chipNeurons} neurons of \`virtual:?chip=1\`,
uncalibrated, standard error 4 points at most.

| pattern | 3 %, 0.3 mV: table | model | chip, mismatch 0.12 | 10 %, 1 mV: table | model | chip, mismatch 0.5 | chip, mismatch 1 | typical, mismatch 0 | typical |
|---|---|---|---|---|---|---|---|---|---|
${shares.join("\n")}

1 mV of the model is 10 mV on the chip. A mismatch of 0.12 is 3 mV of each potential and 3 % of most conductances and
currents (C, leak and step current less), 0.5 is 12.5 mV and 10 to 12 %. There the chip fails about as often as the table says: a test
holds the shares of initial bursts, regular bursts, transient and irregular firing at 0.5 to the table's 10 % column within
3.9 standard errors.

- **A typical chip fails more often than the table.** That table stops at 10 mV. What is published of uncalibrated chips
  is 20 to 45 mV for leak, reset and threshold (\`docs/chip-model.md\`, "Mismatch"); the preset takes 25 mV, near the lower
  end. To make \`typical\` fit the table, it would have to be about half as wide as the narrowest published spread, so it stays.
- **Delayed regular bursting** fails more often than the table at 10 %. The comparator is sampled every 16 ns, so the
  membrane starts its reset anywhere within 3 mV above threshold, and V_r comes out within ± 0.7 mV (0.07 mV of the model). With a
  threshold 10 mV higher that is ± 1.1 mV: bursts then differ in size even on an ideal chip, as they do in the model at 0.3 mV.
- **Irregular firing** is kept more often where the variation is small: the same scatter of V_r, and the noise of a typical chip, break
  the weak cycles that the varied model falls into.

What the others become on a typical chip (percent):

| pattern | becomes |
|---|---|
${becomes.join("\n")}
`;
