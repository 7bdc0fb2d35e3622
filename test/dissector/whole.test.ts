// A whole calibration, recorded by the command line: everything that tshark shows with our dissector against everything
// that `hxloop decode` prints and against the decoders of the driver, message by message. Takes minutes and some hundred
// megabytes of text, so it runs by `npm run results:dissector`, which writes docs/results/dissector.md.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { dissectorSource } from "../../src/protocol/dissector/index.js";
import { expectPacket } from "./agreement.js";
import { type ExpectedFrame, expectedFrames } from "./expected.js";
import { type ExplainedItem, isRepeat, messageOf, messageOfItem, type ShownMessage } from "./shown.js";
import { datagramsOfFile, hasTshark, type Node, named, parsePdml } from "./support.js";

const simulations = Number(process.env.DISSECTOR_SIMULATIONS ?? 0);
const hxloop = resolve(import.meta.dirname, "../../bin/hxloop.mjs");
const rounds = process.env.DISSECTOR_ROUNDS ?? "1";
const theta = "v_reset=420,i_bias_adapt_tau=310";

/** The standard output of a command, as it comes. @throws Error when it fails */
async function* output(command: string, args: readonly string[], cwd: string): AsyncGenerator<string> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const ended = new Promise<number | null>((done) => child.on("close", done));
  yield* child.stdout.setEncoding("utf8") as AsyncIterable<string>;
  if ((await ended) !== 0) throw new Error(`${command} ${args.join(" ")}: ${errors}`);
}

/** Packets of tshark's PDML, one at a time. */
async function* packetsOf(pdml: AsyncIterable<string>): AsyncGenerator<Node> {
  const end = "</packet>";
  let text = "";
  for await (const chunk of pdml) {
    text += chunk;
    const last = text.lastIndexOf(end);
    if (last < 0) continue;
    yield* parsePdml(text.slice(0, last + end.length));
    text = text.slice(last + end.length);
  }
}

/** What `hxloop decode --json` prints, item by item. */
async function* itemsOf<Item>(file: string, depth: string, cwd: string): AsyncGenerator<Item> {
  let rest = "";
  for await (const chunk of output(process.execPath, [hxloop, "decode", file, "--depth", depth, "--json"], cwd)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Item;
  }
}

/** Messages that it tells, by packet. */
async function decoded(file: string, cwd: string): Promise<ReadonlyMap<number, readonly ShownMessage[]>> {
  const byPacket = new Map<number, ShownMessage[]>();
  for await (const item of itemsOf<ExplainedItem & { readonly packet: number }>(file, "instructions", cwd)) {
    if (item.kind !== "instruction") continue;
    const list = byPacket.get(item.packet);
    if (list) list.push(messageOfItem(item));
    else byPacket.set(item.packet, [messageOfItem(item)]);
  }
  return byPacket;
}

async function namesOf(file: string, cwd: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { register } of itemsOf<{ readonly register: string | null }>(file, "registers", cwd))
    if (register !== null) names.add(register);
  return names;
}

test.skipIf(simulations === 0 || !hasTshark)("a whole calibration", { timeout: 3_600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "hxloop-dissector-"));
  try {
    const file = join(folder, "calibration.pcapng");
    const run = [
      "--target-theta",
      theta,
      "--rounds",
      rounds,
      "--simulations",
      String(simulations),
      "--out",
      join(folder, "run"),
    ];
    for await (const _ of output(process.execPath, [hxloop, "calibrate", ...run, "--capture", file], folder));
    const script = join(folder, "bss2.lua");
    writeFileSync(script, dissectorSource());

    const datagrams = datagramsOfFile(file);
    const frames = expectedFrames(datagrams);
    const told = await decoded(file, folder);
    const seen = { packets: 0, again: 0, messages: 0, fields: 0, registers: 0, bytes: 0 };
    const shownRegisters = new Set<string>();
    const counted = async function* (chunks: AsyncIterable<string>): AsyncGenerator<string> {
      for await (const chunk of chunks) {
        seen.bytes += chunk.length;
        yield chunk;
      }
    };
    const pdml = output("tshark", ["-n", "-X", `lua_script:${script}`, "-r", file, "-T", "pdml"], folder);
    for await (const packet of packetsOf(counted(pdml))) {
      const index = seen.packets++;
      const frame = frames[index] as ExpectedFrame;
      const nodes = expectPacket(packet, frame, datagrams[index]!.toBoard ? "to" : "from");
      if (isRepeat(packet)) {
        seen.again++;
        expect(frame.kind).toBe("again");
        expect(told.has(seen.packets)).toBe(false);
        continue;
      }
      const messages = nodes.map(messageOf);
      expect(messages).toEqual(told.get(seen.packets) ?? []);
      seen.messages += messages.length;
      for (const node of nodes)
        for (const register of named(node, "bss2.register")) {
          seen.registers++;
          shownRegisters.add(`${register.show} ${named(register, "bss2.coordinate")[0]?.show}`);
        }
      seen.fields += messages.reduce((sum, { fields }) => sum + Object.keys(fields).length, 0);
    }
    expect(seen.packets).toBe(datagrams.length);
    expect([...shownRegisters].sort()).toEqual([...(await namesOf(file, folder))].sort());
    writeReport(seen, statSync(file).size, shownRegisters.size);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function writeReport(seen: Readonly<Record<string, number>>, fileBytes: number, names: number): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const text = `# Decoder and dissector on a whole calibration

\`npm run results:dissector\`, ${new Date().toISOString().slice(0, 10)}, ${machine}.

\`hxloop calibrate --target-theta ${theta} --rounds ${rounds} --simulations ${simulations} --capture FILE\`, from the reset of the link to
the last check of the posterior. For every packet, what tshark shows with the dissector was compared with what
\`hxloop decode --depth instructions --json\` prints (message, every field, FPGA time), with the driver's own decoders
(besides: register, coordinate, address, word, every field of the register), and at the end the set of registers with that of
\`--depth registers\`. No difference.

| | |
|---|---|
| capture | ${mib(fileBytes)}, ${seen.packets} packets, ${seen.again} of them frames sent again |
| messages | ${seen.messages}, with ${seen.fields} fields |
| register accesses and answers | ${seen.registers}, of ${names} registers |
| text of tshark (PDML) | ${mib(seen.bytes ?? 0)} |
`;
  writeFileSync(new URL("../../docs/results/dissector.md", import.meta.url), text);
}
