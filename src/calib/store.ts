/**
 * Where a calibration keeps what must outlive it. `calib` knows only this interface; files live in the command line's
 * store. Each call is durable when its promise resolves, and atomic: a crash leaves a batch whole or absent.
 */
import type { Recording, RunData } from "./run-data.js";

/** A trained network as plain data. */
export interface NetworkState {
  /** For example `autoencoder` or `density-estimator-0`. */
  readonly name: string;
  /** Everything but the weights that is needed to rebuild it; JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Float32Array;
}

export interface RunStore {
  /**
   * Keep one batch of recordings, whose arrays are written over once the promise has resolved.
   * @param stage for example `round-1`, `target`, `repeats` @param index 0-based
   */
  putBatch(stage: string, index: number, recordings: readonly Recording[]): Promise<void>;
  /** A batch kept earlier, byte for byte, or undefined. */
  getBatch(stage: string, index: number): Promise<readonly Recording[] | undefined>;
  putNetwork(network: NetworkState): Promise<void>;
  putResult(data: RunData): Promise<void>;
}

/** A store that keeps everything in memory: for library users who want no files, and for tests. */
export class MemoryRunStore implements RunStore {
  readonly batches = new Map<string, readonly Recording[]>();
  readonly networks = new Map<string, NetworkState>();
  result: RunData | undefined;

  async putBatch(stage: string, index: number, recordings: readonly Recording[]): Promise<void> {
    const kept = recordings.map(({ samples, ticks, ...rest }) => {
      return { ...rest, samples: samples.slice(), ticks: ticks.slice() };
    });
    this.batches.set(`${stage}/${index}`, kept);
  }

  async getBatch(stage: string, index: number): Promise<readonly Recording[] | undefined> {
    return this.batches.get(`${stage}/${index}`);
  }

  async putNetwork(network: NetworkState): Promise<void> {
    this.networks.set(network.name, network);
  }

  async putResult(data: RunData): Promise<void> {
    this.result = data;
  }
}
