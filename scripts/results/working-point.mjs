// Measures what the working point of the two-parameter task does, through the device, and writes
// docs/results/working-point.md. Run after `npm run build`.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { openDevice } from "../../dist/src/api/open-device.js";
import { writeCodes } from "../../dist/src/calib/codes.js";
import { paperTask } from "../../dist/src/calib/task/paper.js";
import {
  AtomicNeuronOnDls,
  fpgaCyclesPerUs,
  NeuronBackendConfig,
  NeuronConfig,
} from "../../dist/src/device/interface/index.js";

const neuron = 0;
const chips = [1, 2, 3, 4];
const resets = [0, 150, 300, 450, 600, 700, 740, 780, 820, 860, 1000];
const taus = [1000, 800, 600, 400, 250, 120, 60, 20, 5];
const repeats = 15;
const repeated = [
  [300, 300],
  [450, 200],
  [600, 300],
  [600, 30],
];

/** Spikes of the 600 us step, us from its onset. A cold start would bring the same noise again. */
async function step(session, v_reset, i_bias_adapt_tau, isCold = true) {
  const { sharedCodes, commonBackendConfig, neuronCodes, neuronConfig, backendConfig, stimulus } = paperTask;
  if (isCold) await session.reinit();
  const builder = session.program();
  writeCodes(builder, {
    sharedCodes,
    commonBackend: commonBackendConfig,
    neurons: [
      {
        neuron,
        codes: { ...neuronCodes, v_reset, i_bias_adapt_tau },
        switches: { ...neuronConfig, enableReadout: false },
        backend: backendConfig,
      },
    ],
  });
  builder.barrier("omnibus").resetTimer();
  for (let us = 5000; us <= 20_000; us += 5000) builder.waitUntil(us * fpgaCyclesPerUs);
  const at = AtomicNeuronOnDls.at(neuron);
  builder.write(NeuronBackendConfig, at, { ...backendConfig, enableSpikeOut: true });
  builder.waitUntil((20_000 + stimulus.onUs) * fpgaCyclesPerUs);
  const onset = builder.tick();
  builder.write(NeuronConfig, at, { ...neuronConfig, enableReadout: false, enableMembraneOffset: true });
  builder.waitUntil((20_000 + stimulus.offUs) * fpgaCyclesPerUs).barrier("omnibus");
  const { spikes } = await session.run(builder.build());
  const length = stimulus.offUs - stimulus.onUs;
  return Array.from(spikes.chipTime, (time) => time / 250 - onset.fpgaTime() / fpgaCyclesPerUs).filter(
    (us) => us >= 0 && us < length,
  );
}

async function withChip(chip, work) {
  const device = await openDevice(`virtual:?chip=${chip}`);
  try {
    return await work(await device.openSession());
  } finally {
    await device.close();
  }
}

const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs) => Math.sqrt(xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1));
const lateCv = (spikes) => {
  const intervals = spikes.slice(1).map((t, k) => t - spikes[k]);
  const late = intervals.slice(-Math.min(20, Math.floor(intervals.length / 2)));
  return sd(late) / mean(late);
};

const lines = [];
for (const chip of chips) {
  lines.push(`Chip ${chip}:`, "", `| \`v_reset\` \\ \`i_bias_adapt_tau\` | ${taus.join(" | ")} |`);
  lines.push(`|---${"|---".repeat(taus.length)}|`);
  await withChip(chip, async (session) => {
    for (const v_reset of resets) {
      const counts = [];
      for (const tau of taus) counts.push((await step(session, v_reset, tau)).length);
      lines.push(`| ${v_reset} | ${counts.join(" | ")} |`);
    }
  });
  lines.push("");
  console.error(`chip ${chip} done`);
}
const rows = [];
for (const chip of chips) {
  await withChip(chip, async (session) => {
    for (const [v_reset, tau] of repeated) {
      const runs = [];
      for (let k = 0; k < repeats; k++) runs.push(await step(session, v_reset, tau, k === 0));
      const counts = runs.map((spikes) => spikes.length);
      const last = Math.min(19, Math.min(...counts) - 1);
      const [cv, jitter] = [mean(runs.map(lateCv)), sd(runs.map((spikes) => spikes[last]))];
      rows.push(
        `| ${chip} | ${v_reset} | ${tau} | ${mean(counts).toFixed(1)} ± ${sd(counts).toFixed(1)} | ${(100 * cv).toFixed(1)} % | ${last + 1} | ${jitter.toFixed(1)} |`,
      );
    }
  });
}
writeFileSync(
  "docs/results/working-point.md",
  `# The working point of the two-parameter task

\`npm run results:working-point\`, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}.

Spikes of neuron ${neuron} in the step of 600 µs, on four typical chips (\`virtual:?chip=N\`), one recording each from a cold start.
309 is the refractory limit.

${lines.join("\n")}
Repeats at the same codes, ${repeats} each, one after the other, the codes written anew for each: spikes in the step, coefficient of variation of the
intervals of one repeat (the later half, at most 20), and the standard deviation of the time of one spike (µs).

| chip | \`v_reset\` | \`i_bias_adapt_tau\` | spikes | variation | spike number | its time ± |
|---|---|---|---|---|---|---|
${rows.join("\n")}
`,
);
