/**
 * A task as the text of a task file, whole and with comments: a starting point for a task of one's own. Read again, it
 * is the same task.
 */
import { z } from "zod";
import { signSwitches, type Task, type TaskParameter } from "./task.js";
import { taskFileSchema, taskSchemaName } from "./task-file.js";

/** Where editors that know TOML schemas find the one of tasks when hxloop is installed beside the file. */
const schemaLine = "#:schema ./node_modules/hxloop/docs/task.schema.json";

/** @param name of the new task @param base name of the shipped task that stands behind it */
export function taskText(task: Task, name: string, base: string): string {
  const { stimulus, timing, grid, spike, views, autoencoder: ae, estimator, budget, maxGapUs } = task;
  const sections: [string, string, Readonly<Record<string, unknown>>][] = [
    [
      "cells",
      "Codes of the cells that are not inferred, CapMem LSB. A cell may be moved to the parameters.",
      rest(task),
    ],
    ["shared_cells", "Shared cells, in every block that has them.", task.sharedCodes],
    ["neuron", "Switches of the analog circuits that differ from off and 0.", task.neuronConfig],
    ["backend", "Digital backend of the neuron; times in ticks of its clock.", task.backendConfig],
    ["common_backend", "Clocks of the backends: 250 MHz / 2^(scale + 1).", task.commonBackendConfig],
    ["madc", "Converter: one sample in (12 + sampleDurationAdjust) / 500 MHz.", task.madcConfig],
    [
      "stimulus",
      "Step of current; microseconds from the start of the protocol.",
      {
        on_us: stimulus.onUs,
        off_us: stimulus.offUs,
        end_us: stimulus.endUs,
        ...(stimulus.restsUntilOnset === undefined ? {} : { rest_until_onset: stimulus.restsUntilOnset }),
      },
    ],
    [
      "recording",
      "How settings are recorded; microseconds, MADC LSB.",
      {
        settle_us: timing.settleUs,
        warm_up_us: timing.madcWarmUpUs,
        step_us: grid.stepUs,
        batch: task.batchSize,
        spike_fall_lsb: spike.fallLsb,
        spike_within_us: spike.withinUs,
        target_gap_us: maxGapUs.target,
      },
    ],
    [
      "embedding",
      "What estimators see of a trace: kind = autoencoder, spike-features, joint or pairs. The rest is the autoencoder's.",
      {
        kind: task.embedding,
        latent: ae.latentSize,
        epochs: ae.epochs,
        decoder_epochs: ae.decoderEpochs,
        batch: ae.batchSize,
        learning_rate: ae.learningRate,
        view_every_us: views.everyUs,
        view_envelope_us: views.envelopeUs,
      },
    ],
    [
      "scheme",
      "The density estimators: how many; `steps` may say how long each trains.",
      {
        kind: estimator.scheme,
        members: estimator.members,
        ...(estimator.pilot === undefined ? {} : { pilot: estimator.pilot }),
        ...(estimator.stopRatio === undefined ? {} : { stop_ratio: estimator.stopRatio }),
        ...(estimator.steps === undefined ? {} : { steps: estimator.steps }),
      },
    ],
    [
      "budget",
      "What a calibration may cost unless flags say otherwise.",
      {
        simulations: budget.simulations,
        rounds: budget.rounds,
        draws: budget.draws,
        repeats: budget.repeats,
        samples: budget.posteriorSamples,
        summary_samples: budget.summarySamples,
      },
    ],
  ];
  const head = [
    schemaLine,
    "# A task of hxloop: what is inferred, and how. Check it with: hxloop tasks FILE",
    "# What is deleted here is as in the task that `base` names.",
    `schema = "${taskSchemaName}"`,
    `name = "${name}"`,
    `base = "${base}"`,
    `description = ${JSON.stringify(task.description)}`,
    "",
    "# What is inferred: CapMem cells with the range of their uniform prior, 0..1022. Demonstration targets come from `demo`.",
    `# Negative codes invert the sign of ${Object.keys(signSwitches).join(", ")}.`,
    '# i_bias_leak and i_bias_reset take mode = "multiply" (times 8) or "divide" (by 8).',
  ];
  const parameters = task.parameters.map((parameter, j) => parameterText(parameter, task.demoRegion[j]));
  const bodies = sections.map(([title, comment, values]) => sectionText(title, comment, values));
  return `${[head.join("\n"), parameters.join("\n\n"), ...bodies].join("\n\n")}\n`;
}

/** The schema of task files for editors: JSON Schema, draft 2020-12. */
export function taskFileJsonSchema(): object {
  return { title: "hxloop task", ...z.toJSONSchema(taskFileSchema) };
}

function rest(task: Task): Readonly<Record<string, number>> {
  const inferred: readonly string[] = task.parameters.map(({ name }) => name);
  return Object.fromEntries(Object.entries(task.neuronCodes).filter(([name]) => !inferred.includes(name)));
}

function parameterText({ name, min, max, mode }: TaskParameter, demo: TaskParameter | undefined): string {
  const lines = ["[[parameter]]", `name = "${name}"`, `range = [${min}, ${max}]`];
  if (demo !== undefined && (demo.min !== min || demo.max !== max)) lines.push(`demo = [${demo.min}, ${demo.max}]`);
  if (mode !== undefined) lines.push(`mode = "${mode}"`);
  return lines.join("\n");
}

function sectionText(title: string, comment: string, values: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${valueText(value)}`);
  return [`# ${comment}`, `[${title}]`, ...lines].join("\n");
}

/** Numbers as TOML writes them: an exponent needs no change, but a whole number must not become a float. */
function valueText(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
