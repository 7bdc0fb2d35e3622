/** What a request is refused with: an HTTP status and a code to match on. Thrown by the parts, told by the server. */
import { isHxError } from "../base/errors.js";
import { programTimeout } from "../protocol/gateway-api.js";

export interface ProblemOptions {
  /** When to try again, s. */
  readonly retryAfterS?: number;
  readonly limit?: number;
  readonly instruction?: number;
}

export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly status: number;
  readonly code: string;
  readonly options: ProblemOptions;

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.options = options;
  }
}

/** Why a run has no answer, in the terms that its user is told. Nothing of our insides. */
export function failureOf(error: unknown): { code: string; message: string } {
  if (isHxError(error, "LinkTimeout") && "stage" in error && error.stage === "program")
    return { code: programTimeout, message: error.message };
  if (isHxError(error)) return { code: error._tag, message: error.message };
  return { code: "Internal", message: "the gateway failed; its log says why" };
}
