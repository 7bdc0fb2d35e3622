import { describe, expect, it } from "vitest";
import { Executor } from "../../firmware-sim/executor.js";
import { Rng } from "../../src/base/rng.js";
import {
  AtomicNeuronOnDls,
  type ContainerType,
  type Coordinate,
  MadcConfig,
  MadcControl,
  NeuronConfig,
  ReadoutSourceSelection,
  type ToFpgaSink,
  theChip,
} from "../../src/protocol/index.js";
import { createChip } from "../../src/virtual-chip/index.js";
import { Receiver } from "./support/receiver.js";
import { concatenate, read, startTime, words, write } from "./support/words.js";

function put<C extends string, F extends object>(
  program: ToFpgaSink,
  container: ContainerType<C, F>,
  at: Coordinate<C>,
  fields: Partial<F>,
): void {
  const encoded = container.encode(fields);
  container.addresses(at).forEach((address, word) => {
    write(program, address, encoded[word]!);
  });
}

/** Record 1 ms of a membrane, with reads and ticks in between. */
const recording = words((program) => {
  startTime(program);
  put(program, NeuronConfig, AtomicNeuronOnDls.at(0), { enableReadoutAmplifier: true, enableReadout: true });
  put(program, ReadoutSourceSelection, theChip, { neuronEvenTop0: true });
  put(program, MadcConfig, theChip, { numberOfSamples: 20_000 });
  put(program, MadcControl, theChip, { enablePreAmplifier: true, wakeUp: true });
  program.timingSetup();
  program.waitUntil(1250);
  put(program, MadcControl, theChip, { enablePreAmplifier: true, startRecording: true });
  program.waitUntil(1500);
  put(program, MadcControl, theChip, { enablePreAmplifier: true });
  for (let us = 20; us < 1000; us += 40) {
    program.waitUntil(125 * us);
    read(program, 0x8800_000c);
    program.loopback(true);
  }
  program.waitUntil(125 * 1000);
  program.barrier(1);
  program.loopback(false);
});

/** Run with words cut by `pushes`, slices ended by `slices`, and answers taken in pieces. */
function answers(pushes: Rng | undefined, slices: Rng | undefined): Uint8Array {
  const executor = new Executor(createChip({ seed: 11 }));
  const parts: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = pushes ? Math.min(recording.length, at + 8 * pushes.int(20)) : recording.length;
    executor.push(recording.slice(at, end));
    at = end;
    const result = executor.run(() => slices !== undefined && slices.int(3) === 0);
    parts.push(executor.traceBuffer.take(slices ? 8 * slices.int(2000) : Number.POSITIVE_INFINITY).slice());
    if (result === "idle" && at === recording.length) break;
  }
  parts.push(executor.traceBuffer.take(Number.POSITIVE_INFINITY).slice());
  return concatenate(parts);
}

describe("the same program on the same chip", () => {
  it("gives the same bytes however words, slices and frames were cut", () => {
    const whole = answers(undefined, undefined);
    const received = new Receiver().push(whole);
    expect(received.samples.length).toBe(20_000);
    expect(received.answers.filter(({ kind }) => kind === "tick")).toHaveLength(25);
    for (let seed = 0; seed < 4; seed++) {
      const rng = Rng.fromSeed(seed);
      const cut = answers(rng.fork("pushes"), rng.fork("slices"));
      expect(Buffer.compare(cut, whole), `seed ${seed}`).toBe(0);
    }
  });

  it("stamps the samples in chip time, at the MADC's rate", () => {
    const { samples } = new Receiver().push(answers(undefined, undefined));
    const distances = samples.slice(1).map(({ time }, i) => time - samples[i]!.time);
    // 17 cycles of 500 MHz are 8.5 units of 4 ns.
    expect(new Set(distances)).toEqual(new Set([8, 9]));
    expect(samples.every(({ time, sent }) => sent - Math.floor(time / 2) <= 127)).toBe(true);
  });
});
