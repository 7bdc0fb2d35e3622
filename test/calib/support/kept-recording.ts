import type { Recording } from "../../../src/calib/run-data.js";

/** A recording in memory of its own: a recorder's batches are good only while they are being handed over. */
export function keptRecording({ samples, ticks, ...rest }: Recording): Recording {
  return { ...rest, samples: samples.slice(), ticks: ticks.slice() };
}
