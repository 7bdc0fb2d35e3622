/** Instruction words for tests, and a way to run them to the end. */
import { Executor } from "../../../firmware-sim/executor.js";
import { createToFpgaEncoder, type ToFpgaSink } from "../../../src/protocol/index.js";
import type { Chip } from "../../../src/virtual-chip/index.js";
import { Receiver } from "./receiver.js";

/** The words of a program. */
export function words(build: (program: ToFpgaSink) => void): Uint8Array {
  const encoder = createToFpgaEncoder();
  build(encoder);
  return encoder.take();
}

export function write(program: ToFpgaSink, address: number, word: number, byteEnables = 0xf): void {
  program.omnibusAddress(address, false, byteEnables);
  program.omnibusData(word);
}

export function read(program: ToFpgaSink, address: number): void {
  program.omnibusAddress(address, true, 0xf);
}

/** Start chip and FPGA time at 0 and record events. */
export function startTime(program: ToFpgaSink): void {
  write(program, 0, 0);
  write(program, 1, 0);
  program.systimeInit(true);
  program.barrier(4);
  write(program, 0x8800_0005, 1);
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Let an executor work until it has nothing to do, taking its answers. */
export function drain(executor: Executor): Uint8Array {
  const parts: Uint8Array[] = [];
  for (;;) {
    const end = executor.run(() => false);
    parts.push(executor.traceBuffer.take(Number.POSITIVE_INFINITY).slice());
    if (end === "idle") return concatenate(parts);
  }
}

/** Run one program on a new executor. */
export function runOn(chip: Chip, build: (program: ToFpgaSink) => void) {
  const executor = new Executor(chip);
  executor.push(words(build));
  const bytes = drain(executor);
  return { executor, bytes, received: new Receiver().push(bytes) };
}
