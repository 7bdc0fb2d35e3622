/**
 * What can go wrong in tensor code and in inference. Each class is a different reaction of the caller: fix the shape,
 * filter the values, change the training options, choose another backend.
 */
import { taggedError } from "../../base/errors.js";

/** An array whose size does not fit the others. Way out: pass rows x columns as the message says. */
export class ShapeMismatch extends taggedError("ShapeMismatch", "usage") {
  readonly object: string;
  readonly actual: string;
  readonly expected: string;

  constructor(object: string, actual: number | string, expected: string) {
    super(`${object} has ${actual} values, expected ${expected}`);
    this.object = object;
    this.actual = String(actual);
    this.expected = expected;
  }
}

/** NaN or an infinity in data. Way out: find the row named here and drop or repair it before. */
export class NonFinite extends taggedError("NonFinite", "input") {
  readonly object: string;
  readonly index: number;

  constructor(object: string, index: number, value: number) {
    super(`${object}[${index}] = ${value}, every value must be finite`);
    this.object = object;
    this.index = index;
  }
}

/** A loss that is no number any more. Way out: a lower learning rate, or look for outliers in the data. */
export class TrainingDiverged extends taggedError("TrainingDiverged", "method") {
  readonly network: string;
  readonly epoch: number;
  readonly loss: number;

  constructor(network: string, epoch: number, loss: number) {
    super(`training of the ${network} diverged in epoch ${epoch} (loss ${loss}): lower the learning rate`);
    this.network = network;
    this.epoch = epoch;
    this.loss = loss;
  }
}

/** Something was asked of a network before it was trained. Way out: train first. */
export class NotTrained extends taggedError("NotTrained", "usage") {
  constructor(wanted: string) {
    super(`${wanted} needs a trained network: append simulations and train first`);
  }
}

/** The tensor backend that was asked for by name cannot run here. Way out: another one, or `auto`. */
export class BackendUnavailable extends taggedError("BackendUnavailable", "usage") {
  readonly backend: string;
  readonly reason: string;

  constructor(backend: string, reason: string, options?: ErrorOptions) {
    super(`tensor backend ${backend} is not available: ${reason}`, options);
    this.backend = backend;
    this.reason = reason;
  }
}

/** @throws NonFinite naming the first offending index */
export function assertFinite(object: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) throw new NonFinite(object, i, value);
  }
}

/** @throws ShapeMismatch when `values` does not hold rows x columns values */
export function assertShape(object: string, values: ArrayLike<number>, rows: number, columns: number): void {
  if (values.length !== rows * columns) {
    throw new ShapeMismatch(object, values.length, `${rows} rows x ${columns} columns = ${rows * columns}`);
  }
}
