/** From what a gateway replied to values, or to the error that a caller reacts to. */
import type { z } from "zod";
import type { HxError } from "../../base/errors.js";
import { type Problem, problem, programTimeout, wordsType } from "../../protocol/gateway-api.js";
import {
  AccessDenied,
  AnswerTooLong,
  DeviceBusy,
  Disconnected,
  LinkClosed,
  LinkReset,
  LinkTimeout,
  OutcomeUnknown,
  ProgramInvalid,
  ProgramTooLong,
  UnsupportedTarget,
} from "../errors.js";
import type { HttpReply } from "../transport/http.js";

const jsonType = "application/json";

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

/** @throws the error that the reply stands for; UnsupportedTarget when it is none of a gateway's */
export function checkedReply<T>(url: string, reply: HttpReply, schema: z.ZodType<T>): T {
  if (reply.status >= 300) throw errorOf(url, reply);
  if (reply.type !== jsonType) throw foreign(url, reply);
  const result = schema.safeParse(json(reply.body));
  if (!result.success)
    throw new UnsupportedTarget(url, "what answers is no gateway, or of another version", { cause: result.error });
  return result.data;
}

/** The words of an answer. @throws Disconnected when they are not whole, as `checkedReply` else */
export function wordsOf(url: string, reply: HttpReply): Uint8Array {
  if (reply.status !== 200) throw errorOf(url, reply);
  if (reply.type !== wordsType) throw foreign(url, reply);
  if (reply.body.length % 8 !== 0) throw new Disconnected(url, `the answer was cut: ${reply.body.length} bytes`);
  return reply.body;
}

/** A header that is a number. @throws UnsupportedTarget */
export function numberOf(url: string, reply: HttpReply, name: string): number {
  const value = Number(reply.headers.get(name) ?? Number.NaN);
  if (!Number.isFinite(value) || value < 0)
    throw new UnsupportedTarget(url, `the answer's header ${name} is no number`);
  return value;
}

function foreign(url: string, { status, type }: HttpReply): UnsupportedTarget {
  const what = type === "" ? "nothing that it names" : type;
  return new UnsupportedTarget(url, `what answers (${status}, ${what}) is no gateway of hxloop`);
}

/** @param instructionCount of the program that was sent */
export function errorOf(url: string, reply: HttpReply, instructionCount = 0): HxError {
  const told = reply.type === "application/problem+json" ? problem.safeParse(json(reply.body)) : undefined;
  if (told?.success) return errorOfProblem(url, told.data, instructionCount);
  if (reply.status === 401 || reply.status === 403)
    return new AccessDenied(url, `access was refused (${reply.status}); check HXLOOP_TOKEN`);
  if (reply.status === 429) return new DeviceBusy(url, "it has too much to do (429); try again later");
  if (reply.status >= 500) return new Disconnected(url, `the gateway failed (${reply.status})`);
  return foreign(url, reply);
}

function errorOfProblem(url: string, told: Problem, instructionCount: number): HxError {
  const { status, code, detail, limit = 0, instruction = 0 } = told;
  switch (code) {
    case "AccessDenied":
      return new AccessDenied(url, `${detail}; check HXLOOP_TOKEN`);
    case "NoSuchBoard":
      return new UnsupportedTarget(url, detail);
    case "NoSuchSession":
      return new LinkReset(url, detail);
    case "ProgramTooLong":
    case "TooLong":
      return new ProgramTooLong(instructionCount, Math.floor(limit / 8));
    case "ProgramInvalid":
      return new ProgramInvalid(instruction, detail.replace(/^instruction \d+: /, ""));
    case "AnswerTooLong":
      return new AnswerTooLong(url, limit);
    case "OutcomeUnknown":
      return new OutcomeUnknown(url, detail);
    case "LinkTimeout":
      return new LinkTimeout(url, "board", "its limit", { told: detail });
    case programTimeout:
      return new LinkTimeout(url, "program", "its limit", { told: detail });
    case "LinkReset":
      return new LinkReset(url, detail);
    case "LinkClosed":
    case "Cancelled":
      return new LinkClosed(url, "session");
    default:
      if (status === 429) return new DeviceBusy(url, detail);
      return new Disconnected(url, detail);
  }
}
