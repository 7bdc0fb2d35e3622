/** Errors of the virtual board's listeners. */
import { HxError } from "../src/base/errors.js";

/** The address, port or path cannot be had: choose another, or end who has it. */
export class AddressTaken extends HxError {
  readonly _tag = "AddressTaken";
  readonly failure = "usage";

  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`${what}: ${why}`, options);
  }
}
