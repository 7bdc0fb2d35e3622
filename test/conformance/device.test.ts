/** The device suite against what `HXLOOP_DEVICE` names, or when it is not set, over every way to a virtual board. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { describeDevice } from "./device-suite.js";
import { type OpenWay, ways } from "./ways.js";

const named = process.env.HXLOOP_DEVICE;

if (named !== undefined) describeDevice(named, () => openDevice(named));
else {
  for (const { name, missing, open } of ways) {
    describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} (${missing})`, () => {
      let way: OpenWay;
      beforeAll(async () => {
        way = await open();
      });
      afterAll(() => way.close());
      describeDevice("a board", () => openDevice(way.url));
    });
  }
}

describe("openDevice", () => {
  it("refuses an unknown scheme and names the legal ones", async () => {
    await expect(openDevice("telnet://board")).rejects.toMatchObject({
      _tag: "UnsupportedTarget",
      message: expect.stringContaining("virtual:"),
    });
  });

  it("stops opening when the signal aborts", async () => {
    const controller = new AbortController();
    const opening = openDevice("udp://127.0.0.1:9", { signal: controller.signal });
    setImmediate(() => controller.abort("never mind"));
    await expect(opening).rejects.toBe("never mind");
  });

  it("says within seconds that nobody answers", async () => {
    await expect(openDevice("udp://127.0.0.1:9?reset=9")).rejects.toMatchObject({
      _tag: "LinkTimeout",
      stage: "reset",
    });
  });

  it.skipIf(named !== undefined)("opens two virtual boards that do not know each other", async () => {
    const [a, b] = await Promise.all([openDevice("virtual:?chip=1"), openDevice("virtual:?chip=2")]);
    try {
      expect(a.identity.boardId).not.toBe(b.identity.boardId);
    } finally {
      await Promise.all([a.close(), b.close()]);
    }
    await a.close();
    await expect(a.openSession()).rejects.toMatchObject({ _tag: "LinkClosed" });
  });
});
