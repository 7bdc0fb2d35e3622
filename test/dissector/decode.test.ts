// The dissector and `hxloop decode` explain the same capture: every message with its fields and its time, frame by frame,
// and the same registers.
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hxloop } from "../cli/run-hxloop.js";
import { type ExplainedItem, isRepeat, messageOf, messageOfItem } from "./shown.js";
import { captureFixture, hasTshark, named, parsePdml, tshark } from "./support.js";

interface Explained extends ExplainedItem {
  readonly packet: number;
  readonly register: string | null;
}

async function decode(name: string, depth: string): Promise<readonly Explained[]> {
  const path = fileURLToPath(new URL(`../vectors/captures/${name}`, import.meta.url));
  const { code, stdout } = await hxloop(["decode", path, "--depth", depth, "--json"], tmpdir());
  expect(code).toBe(0);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Explained);
}

test.skipIf(!hasTshark).for(["official-client-clean.pcapng", "official-client-lossy.pcapng"])(
  "%s",
  { timeout: 60_000 },
  async (name) => {
    const packets = parsePdml(tshark(captureFixture(name), "-T", "pdml"));
    const shown = packets.flatMap((packet, i) =>
      isRepeat(packet) ? [] : named(named(packet, "bss2")[0], "bss2.message").map((node) => ({ packet: i + 1, node })),
    );
    const instructions = (await decode(name, "instructions")).filter((item) => item.kind === "instruction");
    expect(instructions.length).toBeGreaterThan(2000);
    expect(shown.map(({ packet, node }) => ({ packet, ...messageOf(node) }))).toEqual(
      instructions.map((item) => ({ packet: item.packet, ...messageOfItem(item) })),
    );

    const registers = new Set((await decode(name, "registers")).map((item) => item.register).filter((r) => r !== null));
    const inTshark = shown.flatMap(({ node }) =>
      named(node, "bss2.register").map((r) => `${r.show} ${named(r, "bss2.coordinate")[0]?.show}`),
    );
    expect([...new Set(inTshark)].sort()).toEqual([...registers].sort());
    expect(registers.size).toBeGreaterThan(150);
  },
);
