/** The log of the layers below, for whoever asks for it: HXLOOP_LOG=debug|info|warn|error writes JSON lines to stderr. */
import { FieldOutOfRange } from "../base/errors.js";
import { type Logger, silentLogger } from "../base/log.js";

const levels = ["debug", "info", "warn", "error"] as const;

/** @throws FieldOutOfRange for an unknown level */
export async function makeLogger(env: NodeJS.ProcessEnv): Promise<Logger> {
  const level = env.HXLOOP_LOG;
  if (level === undefined || level === "") return silentLogger;
  if (!levels.some((known) => known === level))
    throw new FieldOutOfRange("HXLOOP_LOG", level, `{${levels.join(", ")}}`);
  const { pino } = await import("pino");
  const logger: Logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  return logger;
}
