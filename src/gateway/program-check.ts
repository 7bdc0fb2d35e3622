/**
 * What a program must be before a board is given it: whole instruction words with one halt, the last. A second halt would
 * be answered into the next user's run. Also turns a snapshot program and its answers into the writes that restore them.
 */
import { isHxError } from "../base/errors.js";
import { createFromFpgaDecoder } from "../protocol/messages/from-fpga.js";
import { barrierBits, type FromFpgaSink, type ToFpgaSink } from "../protocol/messages/streams.js";
import { createToFpgaDecoder, createToFpgaEncoder } from "../protocol/messages/to-fpga.js";
import { RequestProblem } from "./problem.js";

const ignore = (): void => {};
const toFpgaIgnored: ToFpgaSink = {
  jtagInit: ignore,
  jtagScaler: ignore,
  jtagIns: ignore,
  jtagData: ignore,
  timingSetup: ignore,
  waitUntil: ignore,
  systimeInit: ignore,
  barrier: ignore,
  pollingOmnibusBlock: ignore,
  systemReset: ignore,
  loopback: ignore,
  omnibusAddress: ignore,
  omnibusData: ignore,
  spikePack1: ignore,
  spikePack2: ignore,
  spikePack3: ignore,
};

/** @throws RequestProblem 422 ProgramInvalid, 413 ProgramTooLong */
export function checkProgram(words: Uint8Array, maxBytes: number): void {
  if (words.length === 0) throw invalid(0, "the body is empty");
  if (words.length % 8 !== 0)
    throw invalid(Math.floor(words.length / 8), `${words.length} bytes are no whole number of 64-bit words`);
  if (words.length > maxBytes)
    throw new RequestProblem(413, "ProgramTooLong", `the program has ${words.length} bytes, more than ${maxBytes}`, {
      limit: maxBytes,
    });
  let halts = 0;
  const loopback = (tick: boolean): void => {
    if (!tick) halts++;
  };
  const decoder = createToFpgaDecoder({ ...toFpgaIgnored, loopback });
  const total = words.length / 8;
  // Up to the last word in one go; that one must be the halt.
  push(decoder, words.subarray(0, words.length - 8));
  if (halts > 0) throw invalid(total - 1, "a halt ends the program, but instructions follow it");
  push(decoder, words.subarray(words.length - 8));
  if (halts !== 1) throw invalid(total - 1, "the last instruction is no halt");
}

function push(decoder: ReturnType<typeof createToFpgaDecoder>, words: Uint8Array): void {
  try {
    decoder.push(words);
  } catch (error) {
    throw invalid(decoder.messageCount, isHxError(error) ? error.message : String(error));
  }
}

function invalid(instruction: number, why: string): RequestProblem {
  return new RequestProblem(422, "ProgramInvalid", `instruction ${instruction}: ${why}`, { instruction });
}

/** The program that writes back what a snapshot has read. Empty when it read nothing. */
export function restoreProgram(snapshot: Uint8Array, answer: Uint8Array): Uint8Array {
  const addresses: number[] = [];
  createToFpgaDecoder({
    ...toFpgaIgnored,
    omnibusAddress: (address, read) => void (read && addresses.push(address)),
  }).push(snapshot);
  const words: number[] = [];
  createFromFpgaDecoder({ ...fromFpgaIgnored, omnibusData: (data) => void words.push(data) }).push(answer);
  const encoder = createToFpgaEncoder();
  const count = Math.min(addresses.length, words.length);
  if (count === 0) return encoder.take();
  encoder.omnibusWrites(Uint32Array.from(addresses.slice(0, count)), Uint32Array.from(words.slice(0, count)));
  encoder.barrier(barrierBits.omnibus);
  encoder.loopback(false);
  return encoder.take();
}

const fromFpgaIgnored: FromFpgaSink = {
  jtagData: ignore,
  omnibusData: ignore,
  loopback: ignore,
  highspeedLinkNotification: ignore,
  timeoutNotification: ignore,
  systime: ignore,
  sysdelta: ignore,
  madcPack1: ignore,
  madcPack2: ignore,
  madcPack3: ignore,
  spikePack1: ignore,
  spikePack2: ignore,
  spikePack3: ignore,
};
