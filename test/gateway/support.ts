/** A gateway with virtual boards for tests, in this process or as one of its own, and plain requests to it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import { AtomicNeuronOnDls, NeuronBackendConfig } from "../../src/device/interface/index.js";
import type { GatewayLimits } from "../../src/gateway/limits.js";
import { type RunningGateway, type StartOptions, startGateway } from "../../src/gateway/start.js";

export const board = "virtual:?chip=1&preset=ideal";

export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "hxloop-gateway-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export async function startTestGateway(
  state: string,
  limits: Partial<GatewayLimits> = {},
  more: Partial<StartOptions> = {},
): Promise<RunningGateway> {
  return await startGateway({
    devices: [board],
    host: "127.0.0.1",
    port: 0,
    state,
    limits,
    version: "0.0.0",
    clock: systemClock,
    logger: silentLogger,
    signal: new AbortController().signal,
    ...more,
  });
}

/** Instruction words written out by hand: opcode in the highest byte (docs/protocol.md). */
export function words(...list: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * list.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of list.entries()) view.setBigUint64(8 * i, word);
  return bytes;
}
export const tick = 0x0a00_0000_0000_0001n;
export const halt = 0x0a00_0000_0000_0000n;
const timerReset = 0x0400_0000_0000_0000n;
const waitUntil = (cycles: number): bigint => 0x0500_0000_0000_0000n | BigInt(cycles);
export const omnibusRead = (address: number): bigint => 0x0b00_001f_0000_0000n | BigInt(address);
export const omnibusWrite = (address: number, data: number): readonly bigint[] => [
  0x0b00_000f_0000_0000n | BigInt(address),
  0x0c00_0000_0000_0000n | BigInt(data),
];
/** CapMem cell of block 0, column 0, row 0. */
export const cell = 0x0014_0000;
const neuron = AtomicNeuronOnDls.at(0);
const heard = NeuronBackendConfig.encode({ enableSpikeOut: true });
/**
 * Holds the board for seconds of wall time or more: waits of 0.8 s of FPGA time, in which a neuron is heard that never
 * spikes, as a virtual chip passes over a wait in which nothing can happen.
 */
export const long = words(
  ...NeuronBackendConfig.writeOrder.flatMap((k) =>
    omnibusWrite(NeuronBackendConfig.addresses(neuron)[k] as number, heard[k] as number),
  ),
  ...Array.from({ length: 190 }, () => [timerReset, waitUntil(100_000_000)]).flat(),
  halt,
);

/** The data of omnibus answers in a stream of whole 64-bit messages. */
export function omnibusAnswers(answer: Uint8Array): number[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const found: number[] = [];
  for (let at = 0; at < answer.length; at += 8) if (answer[at] === 1) found.push(view.getUint32(at + 4));
  return found;
}

export class Client {
  readonly #base: string;
  readonly #token: string | undefined;

  constructor(base: string, token?: string) {
    this.#base = base;
    this.#token = token;
  }

  send(method: string, path: string, body?: object | Uint8Array, headers: Record<string, string> = {}) {
    const isWords = body instanceof Uint8Array;
    return fetch(`${this.#base}${path}`, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { "content-type": isWords ? "application/octet-stream" : "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isWords ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
  }

  async json(method: string, path: string, body?: object | Uint8Array): Promise<Record<string, unknown>> {
    return (await (await this.send(method, path, body)).json()) as Record<string, unknown>;
  }

  async session(request: object = {}, number = 0): Promise<string> {
    const { session } = await this.json("POST", `/boards/${number}/sessions`, request);
    return `/sessions/${String(session)}`;
  }

  /** Run and wait. */
  async run(session: string, id: string, program: Uint8Array, query = ""): Promise<Uint8Array> {
    const reply = await this.send("PUT", `${session}/runs/${id}?waitMs=20000${query}`, program);
    if (reply.status !== 200) throw new Error(`${reply.status}: ${await reply.text()}`);
    return new Uint8Array(await reply.arrayBuffer());
  }
}
