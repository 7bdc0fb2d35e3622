/** Server-sent events of a session. A client that does not read is let go of, so that nothing piles up for it. */
import type { FastifyReply } from "fastify";
import type { Alarm, Clock } from "../base/clock.js";
import type { SessionEvent } from "./live-sessions.js";

/** A comment goes out this often, ms, so that both ends notice when the other is gone. Our choice. */
const beatMs = 10_000;
const maxWaitingBytes = 1 << 16;

export function streamEvents(
  reply: FastifyReply,
  listen: (listener: (event: SessionEvent) => void) => () => void,
  clock: Clock,
): void {
  const { raw } = reply;
  const send = (text: string): void => {
    if (raw.writableLength > maxWaitingBytes) raw.destroy();
    else raw.write(text);
  };
  const stop = listen(({ type, ...data }) => {
    send(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    if (type === "closed") raw.end();
  });
  reply.hijack();
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  raw.write(": the session's events\n\n");
  let alarm: Alarm;
  const beat = (): void => {
    send(": beat\n\n");
    alarm = clock.after(beatMs, beat);
  };
  alarm = clock.after(beatMs, beat);
  raw.once("close", () => {
    alarm.cancel();
    stop();
  });
}
