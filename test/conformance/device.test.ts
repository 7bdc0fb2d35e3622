/** The device suite against `HXLOOP_DEVICE`, or a virtual board and chip when it is not set. */
import { describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { describeDevice } from "./device-suite.js";

const url = process.env.HXLOOP_DEVICE ?? "virtual:?chip=1";

describeDevice(url, () => openDevice(url));

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

  it.skipIf(!url.startsWith("virtual:"))("opens two virtual boards that do not know each other", async () => {
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
