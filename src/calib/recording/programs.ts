/**
 * The two playback programs of a task: one that configures the neuron and its readout after a cold start, and one that
 * records a batch of settings. Between two settings only the inferred codes are rewritten; everything else stays.
 *
 * Per setting, on a timer that starts when the codes have been written:
 *
 *   codes | settle | MADC start, warm-up | off | membrane offset on | off | margin | MADC stop
 *                                        ^ tick: start of the protocol
 *
 * With `restsUntilOnset` exponential and adaptation are off up to the membrane offset's onset, and stay on from there.
 */
import {
  AtomicNeuronOnDls,
  CapMemCell,
  capMemCellOfNeuron,
  fpgaCyclesPerUs,
  MadcConfig,
  MadcControl,
  NeuronConfig,
  type PlaybackProgram,
  type PlaybackProgramBuilder,
  ReadoutSourceSelection,
  type Session,
  type Ticket,
  theChip,
} from "../../device/interface/index.js";
import { writeCodes } from "../codes.js";
import { settingOf, type Task } from "../task/task.js";

/** Longest single wait, microseconds: the board ends a program whose instruction stalls for 10 ms. */
const longestWaitUs = 5000;
/** A command to the MADC is taken back after this; any later it would count as a second command. */
const commandUs = 1;
/** From the MADC's stop to the end of a program: the last samples are still on their way. */
const drainUs = 10;
/** Samples beyond the stretch that is needed, so that the stop command ends the recording, not the count. */
const spareSamples = 200;

/** Configure everything that stays the same for all settings, and let it settle. */
export function setupProgram(session: Session, task: Task, neuron: number): PlaybackProgram {
  const builder = session.program();
  writeCodes(builder, {
    sharedCodes: task.sharedCodes,
    commonBackend: task.commonBackendConfig,
    neurons: [{ neuron, codes: task.neuronCodes, switches: task.neuronConfig, backend: task.backendConfig }],
  });
  builder
    .write(ReadoutSourceSelection, theChip, readoutOf(neuron))
    .write(MadcConfig, theChip, { ...task.madcConfig, numberOfSamples: samplesPerStart(task) });
  command(builder.resetTimer(), 0, { wakeUp: true });
  settle(builder, task.timing.settleUs);
  return builder.barrier("omnibus").build();
}

export interface BatchProgram {
  readonly program: PlaybackProgram;
  /** Codes of each setting, shape (numParameters). */
  readonly thetas: readonly Int32Array[];
  /** Passed when the protocol of each setting started. */
  readonly starts: readonly Ticket<void>[];
}

/** Record settings one after the other. @param theta codes, shape (count, numParameters), row-major */
export function batchProgram(session: Session, task: Task, neuron: number, theta: Int32Array): BatchProgram {
  const builder = session.program();
  const width = task.parameters.length;
  const thetas = Array.from({ length: theta.length / width }, (_, row) => theta.slice(row * width, (row + 1) * width));
  const starts = thetas.map((codes) => addSetting(builder, task, neuron, codes));
  return { program: builder.build(), thetas, starts };
}

function addSetting(builder: PlaybackProgramBuilder, task: Task, neuron: number, codes: Int32Array): Ticket<void> {
  const at = AtomicNeuronOnDls.at(neuron);
  const { cells, neuronConfig } = settingOf(task, codes);
  for (const [name, value] of cells) builder.write(CapMemCell, capMemCellOfNeuron(at, name), { value });
  if (task.stimulus.restsUntilOnset || hasSwitches(task)) {
    builder.write(NeuronConfig, at, beforeOnset(task, neuronConfig));
  }
  builder.barrier("omnibus").resetTimer();
  const { settleUs } = task.timing;
  settle(builder, settleUs);
  const { start } = addProtocol(builder, task, neuron, neuronConfig, settleUs);
  builder.barrier("omnibus");
  return start;
}

/**
 * Record one neuron, which is on the readout line, while its stimulus goes on and off.
 * @param fromUs of the timer: now @returns passed when the protocol started, and the timer at the end
 */
export function addProtocol(
  builder: PlaybackProgramBuilder,
  task: Task,
  neuron: number,
  neuronConfig: Task["neuronConfig"],
  fromUs: number,
): { readonly start: Ticket<void>; readonly endUs: number } {
  const at = AtomicNeuronOnDls.at(neuron);
  const { madcWarmUpUs, marginUs } = task.timing;
  command(builder, fromUs, { startRecording: true });
  const startUs = fromUs + madcWarmUpUs;
  const { onUs, offUs, endUs } = task.stimulus;
  waitUntilUs(builder, startUs);
  const start = builder.tick();
  waitUntilUs(builder, startUs + onUs);
  builder.write(NeuronConfig, at, { ...neuronConfig, enableMembraneOffset: true });
  waitUntilUs(builder, startUs + offUs);
  builder.write(NeuronConfig, at, neuronConfig);
  const stopUs = startUs + endUs + 2 * marginUs;
  waitUntilUs(builder, stopUs);
  command(builder, stopUs, { stopRecording: true });
  waitUntilUs(builder, stopUs + drainUs);
  return { start, endUs: stopUs + drainUs };
}

/** The switches until the step begins. */
export function beforeOnset({ stimulus }: Task, neuronConfig: Task["neuronConfig"]): Task["neuronConfig"] {
  if (stimulus.restsUntilOnset !== true) return neuronConfig;
  return { ...neuronConfig, enableAdaptation: false, enableExponential: false };
}

/** Whether a parameter moves switches as well as a code. */
function hasSwitches({ parameters }: Task): boolean {
  return parameters.some(({ min, mode }) => min < 0 || mode !== undefined);
}

export function settle(builder: PlaybackProgramBuilder, settleUs: number): void {
  for (let us = longestWaitUs; us < settleUs; us += longestWaitUs) waitUntilUs(builder, us);
  waitUntilUs(builder, settleUs);
}

/** Give a command to the MADC and take it back, with the amplifier on throughout. */
export function command(
  builder: PlaybackProgramBuilder,
  nowUs: number,
  what: { wakeUp: true } | { startRecording: true } | { stopRecording: true },
): void {
  builder.write(MadcControl, theChip, { ...what, enablePreAmplifier: true });
  waitUntilUs(builder, nowUs + commandUs);
  builder.write(MadcControl, theChip, { enablePreAmplifier: true });
}

export function waitUntilUs(builder: PlaybackProgramBuilder, us: number): void {
  builder.waitUntil(Math.round(us * fpgaCyclesPerUs));
}

export function samplesPerStart(task: Task): number {
  const { madcWarmUpUs, marginUs, madcSamplePeriodUs } = task.timing;
  return Math.ceil((madcWarmUpUs + task.stimulus.endUs + 2 * marginUs) / madcSamplePeriodUs) + spareSamples;
}

/** The neuron's readout line onto buffer 0, the first input of the MADC. Lines are shared by row and column parity. */
export function readoutOf(neuron: number): { [line in `neuron${"Odd" | "Even"}${"Top" | "Bottom"}0`]?: boolean } {
  const isOdd = neuron % 2 === 1;
  if (neuron < AtomicNeuronOnDls.size / 2) return isOdd ? { neuronOddTop0: true } : { neuronEvenTop0: true };
  return isOdd ? { neuronOddBottom0: true } : { neuronEvenBottom0: true };
}
