import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { keepWaits } from "./serial-poller.js";

/** Like the package's poller: each call forgets what was asked before. */
class ForgetfulPoller extends EventEmitter {
  asked = 0;
  poll(flags = 0): void {
    this.asked = flags;
  }
  waitFor(event: "readable" | "writable"): void {
    this.poll(event === "readable" ? 1 : 2);
    this.once(event, () => {});
  }
}

it("keeps a writer's wait when a reader begins to wait, until it has been woken", () => {
  const poller = new ForgetfulPoller();
  keepWaits({ port: { poller } });
  poller.waitFor("writable");
  poller.waitFor("readable");
  expect(poller.asked).toBe(3);
  poller.emit("writable");
  poller.waitFor("readable");
  expect(poller.asked).toBe(1);
});

it("leaves ports alone that have no such poller", () => {
  for (const port of [{}, { port: {} }, { port: { poller: {} } }]) expect(() => keepWaits(port)).not.toThrow();
});
