// The dissector and `hxloop decode` explain the same capture: every message with its fields and its time, frame by frame,
// and the same registers.
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { hxloop } from "../cli/run-hxloop.js";
import { captureFixture, hasTshark, type Node, named, parsePdml, tshark } from "./support.js";

interface Explained {
  readonly kind: string;
  readonly packet: number;
  readonly name?: string;
  readonly fields?: Readonly<Record<string, number | boolean>>;
  readonly fpgaCycles?: number | null;
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

/** Frames that are told once: a resend is left out, as the decoder leaves it out. */
const isRepeat = (packet: Node): boolean => named(named(packet, "hostarq")[0], "hostarq.first_sent_in").length > 0;
const isFlag = (show: string): boolean => /^(true|false)$/i.test(show);

function messageOf(node: Node): unknown {
  const fields = node.children.filter((child) => /^bss2\.(to|from)\./.test(child.name));
  const time = named(node, "bss2.fpga_time")[0]?.show;
  return {
    name: node.show,
    fields: Object.fromEntries(
      fields.map(({ name, show }) => [
        name.split(".").at(-1),
        isFlag(show) ? Number(/true/i.test(show)) : Number(show),
      ]),
    ),
    time: time === undefined ? null : Number(time),
  };
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
    expect(shown.map(({ packet, node }) => ({ packet, ...(messageOf(node) as object) }))).toEqual(
      instructions.map((item) => ({
        packet: item.packet,
        name: item.name,
        fields: Object.fromEntries(Object.entries(item.fields ?? {}).map(([key, value]) => [key, Number(value)])),
        time: item.fpgaCycles ?? null,
      })),
    );

    const registers = new Set((await decode(name, "registers")).map((item) => item.register).filter((r) => r !== null));
    const inTshark = shown.flatMap(({ node }) =>
      named(node, "bss2.register").map((r) => `${r.show} ${named(r, "bss2.coordinate")[0]?.show}`),
    );
    expect([...new Set(inTshark)].sort()).toEqual([...registers].sort());
    expect(registers.size).toBeGreaterThan(150);
  },
);
