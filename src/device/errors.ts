/**
 * Errors of the driver. A class stands for a reaction of the caller: retry, reopen, split, choose another device.
 * Cancellation is none of them: an aborted call rejects with `signal.reason`.
 */
import { taggedError } from "../base/errors.js";

/** The board did not answer in time: check power and cable, then open again. */
export class LinkTimeout extends taggedError("LinkTimeout", "device") {
  readonly url: string;
  readonly stage: "reset" | "loopback" | "transmission" | "silence" | "program" | "gateway" | "board";

  /** @param limit a length of time @param options.told the whole message of a gateway that tells of it */
  constructor(
    url: string,
    stage: LinkTimeout["stage"],
    limit: string,
    options?: ErrorOptions & { readonly told?: string },
  ) {
    const what = {
      reset: "the board did not answer the link reset",
      loopback: "the board did not return the loopback word",
      transmission: "the board stopped acknowledging frames",
      silence: "nothing came from the board, though it was asked,",
      program: "the program did not come to its halt",
      gateway: "the gateway did not answer",
      board: "the board did not answer",
    }[stage];
    const { told } = options ?? {};
    super(told === undefined ? `${url}: ${what} within ${limit}` : `${url}: behind the gateway: ${told}`, options);
    this.url = url;
    this.stage = stage;
  }
}

/** The link was reset while in use; what the board was doing is lost. Open a new session. */
export class LinkReset extends taggedError("LinkReset", "device") {
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`${url}: the link was reset: ${why}; open a new session`, options);
  }
}

/** The link or session is closed; `cause` says why when it was not on request. */
export class LinkClosed extends taggedError("LinkClosed", "device") {
  constructor(url: string, what: "link" | "session" = "link", options?: ErrorOptions) {
    super(`${url}: the ${what} is closed`, options);
  }
}

/** The wire itself is gone: cable unplugged, socket refused, worker ended. */
export class Disconnected extends taggedError("Disconnected", "device") {
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`${url}: disconnected: ${why}`, options);
  }
}

/** Somebody else has the device: wait, or choose another. */
export class DeviceBusy extends taggedError("DeviceBusy", "device") {
  constructor(url: string, why = "another session is open; close it first") {
    super(`${url}: ${why}`);
  }
}

/** The URL, or what answers there, is nothing this driver can drive: choose another target. */
export class UnsupportedTarget extends taggedError("UnsupportedTarget", "usage") {
  constructor(target: string, why: string, options?: ErrorOptions) {
    super(`${target}: ${why}`, options);
  }
}

/** The program exceeds the playback memory: split it. */
export class ProgramTooLong extends taggedError("ProgramTooLong", "usage") {
  readonly instructionCount: number;

  constructor(instructionCount: number, limit: number) {
    super(`playback program of ${instructionCount} instructions is outside 1..${limit}; split it`);
    this.instructionCount = instructionCount;
  }
}

/** Words that are no program as a board must be given it: correct the file. */
export class ProgramInvalid extends taggedError("ProgramInvalid", "input") {
  /** Index of the instruction. */
  readonly instruction: number;

  constructor(instruction: number, why: string) {
    super(`instruction ${instruction}: ${why}`);
    this.instruction = instruction;
  }
}

/** The container cannot be read, or not be written: use another one. */
export class AccessRefused extends taggedError("AccessRefused", "usage") {
  constructor(what: string, access: "read" | "write") {
    super(`${what} cannot be ${access === "read" ? "read" : "written"}`);
  }
}

/** A ticket was asked before its program had run: a call in the wrong order. */
export class TicketNotReady extends taggedError("TicketNotReady", "internal") {
  constructor(what: string) {
    super(`${what} has no answer yet: run its program first, and only when the run has succeeded`);
  }
}

/** A program was run twice, or in a session that did not build it. */
export class ProgramSpent extends taggedError("ProgramSpent", "internal") {
  constructor(why: string) {
    super(`playback program cannot be run: ${why}`);
  }
}

/** The board reported that an instruction was stuck; the run's data must not be used. */
export class NotificationReceived extends taggedError("NotificationReceived", "device") {
  /** Index of the stuck instruction in its program. */
  readonly instruction: number;

  constructor(url: string, instruction: number, what: string, details: string) {
    super(`${url}: instruction ${instruction} (${what}) did not finish before the instruction timeout (${details})`);
    this.instruction = instruction;
  }
}

/** The board's answers do not fit the program: a broken stream or a foreign board. */
export class AnswerMismatch extends taggedError("AnswerMismatch", "device") {
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`${url}: ${why}`, options);
  }
}

/** A program had more answers and events than the caller takes: record less at a time. */
export class AnswerTooLong extends taggedError("AnswerTooLong", "usage") {
  constructor(url: string, limitBytes: number) {
    const limit = limitBytes > 0 ? `exceed ${limitBytes} bytes` : "are too long";
    super(`${url}: the program's answers and events ${limit}; record less in one program`);
  }
}

/** Whether a program was executed cannot be known any more: decide whether it may run again, under a new id. */
export class OutcomeUnknown extends taggedError("OutcomeUnknown", "device") {
  constructor(url: string, why: string, options?: ErrorOptions) {
    super(`${url}: it is not known whether the program was executed: ${why}`, options);
  }
}

/** The gateway does not know this user: name the right token. */
export class AccessDenied extends taggedError("AccessDenied", "usage") {
  constructor(url: string, why: string) {
    super(`${url}: ${why}`);
  }
}
