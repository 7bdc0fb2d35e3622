import { describe, expect, it } from "vitest";
import { parseDeviceUrl } from "./url.js";

describe("parseDeviceUrl", () => {
  it.each([
    ["virtual:", { scheme: "virtual", knobs: { chip: 1, preset: "typical" } }],
    ["virtual:?chip=7&preset=harsh&drift=0.5", { scheme: "virtual", knobs: { chip: 7, preset: "harsh", drift: 0.5 } }],
    ["udp://192.168.7.1", { scheme: "udp", host: "192.168.7.1" }],
    ["udp://localhost:5000?reset=5001", { scheme: "udp", host: "localhost", port: 5000, resetPort: 5001 }],
    ["udp://[::1]:9", { scheme: "udp", host: "::1", port: 9 }],
    ["serial:///dev/ttyUSB0", { scheme: "serial", path: "/dev/ttyUSB0", baud: 3_000_000 }],
    ["serial:///dev/tty%20S?baud=115200", { scheme: "serial", path: "/dev/tty S", baud: 115_200 }],
  ])("reads %s", (text, address) => {
    expect(parseDeviceUrl(text)).toEqual(address);
  });

  it.each([
    ["tcp://host", "UnsupportedTarget", "virtual:"],
    ["what is this", "UnsupportedTarget", "udp://"],
    ["virtual://host", "UnsupportedTarget", "knobs"],
    ["udp:///", "UnsupportedTarget", "host"],
    ["serial://", "UnsupportedTarget", "path"],
    ["virtual:?chp=7", "UnsupportedTarget", "chp"],
    ["virtual:?chip=1&chip=2", "UnsupportedTarget", "twice"],
    ["virtual:?chip=-1", "FieldOutOfRange", "chip"],
    ["virtual:?chip=", "FieldOutOfRange", "chip"],
    ["virtual:?preset=perfect", "FieldOutOfRange", "typical"],
    ["udp://host?reset=70000", "FieldOutOfRange", "65535"],
  ])("refuses %s with %s and says %s", (text, tag, says) => {
    let caught: unknown;
    try {
      parseDeviceUrl(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ _tag: tag, failure: "usage" });
    expect((caught as Error).message).toContain(says);
  });
});
