// What the dissector's tests need: datagrams in a file that tshark reads, tshark itself, and its output as a tree.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dissectorSource } from "../../src/protocol/dissector/index.js";
import { hostArq } from "../../src/protocol/index.js";

/** Whether the debian package `tshark` is there. */
export const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
if (!hasTshark) console.warn("tshark is not installed: its tests are skipped (Debian: apt-get install tshark)");

export interface Datagram {
  readonly toBoard: boolean;
  readonly port: "data" | "reset";
  readonly bytes: Uint8Array;
}

const rawIp = 101;
const hostPort = 40_000;

/** A classic capture file of raw IPv4 packets, a millisecond apart. */
export function capFile(datagrams: readonly Datagram[]): Uint8Array {
  const packets = datagrams.map(({ toBoard, port, bytes }, i) => {
    const boardPort = port === "data" ? hostArq.dataPort : hostArq.resetPort;
    const packet = Buffer.alloc(16 + 28 + bytes.length);
    packet.writeUInt32LE(0, 0);
    packet.writeUInt32LE(1000 * i, 4);
    packet.writeUInt32LE(28 + bytes.length, 8);
    packet.writeUInt32LE(28 + bytes.length, 12);
    packet.writeUInt16BE(0x4500, 16);
    packet.writeUInt16BE(28 + bytes.length, 18);
    packet.writeUInt16BE(0x4011, 24);
    packet.set([10, 0, 0, toBoard ? 1 : 2, 10, 0, 0, toBoard ? 2 : 1], 28);
    packet.writeUInt16BE(toBoard ? hostPort : boardPort, 36);
    packet.writeUInt16BE(toBoard ? boardPort : hostPort, 38);
    packet.writeUInt16BE(8 + bytes.length, 40);
    packet.set(bytes, 44);
    return packet;
  });
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(rawIp, 20);
  return Buffer.concat([header, ...packets]);
}

/** Runs tshark with the dissector. @throws Error with what Lua has to say */
export function tshark(capture: Uint8Array, ...args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "hxloop-dissector-"));
  try {
    const [script, file] = [join(folder, "bss2.lua"), join(folder, "capture")];
    writeFileSync(script, dissectorSource());
    writeFileSync(file, capture);
    const options = { encoding: "utf8", maxBuffer: 2 ** 30, env: { PATH: process.env.PATH, HOME: folder } } as const;
    const run = spawnSync("tshark", ["-n", "-X", `lua_script:${script}`, "-r", file, ...args], options);
    if (run.status !== 0 || /lua/i.test(run.stderr)) throw new Error(`tshark: ${run.stderr}`);
    if (/Lua Error/.test(run.stdout)) throw new Error(run.stdout.match(/Lua Error.*/)?.[0]);
    return run.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Node {
  readonly name: string;
  readonly show: string;
  /** As it stands in the window. */
  readonly text: string;
  readonly children: Node[];
}

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => {
    return { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" }[name] ?? "";
  });
}

/** The packets of tshark's PDML as trees: protocols, and fields below them. */
export function parsePdml(pdml: string): Node[] {
  const root: Node = { name: "", show: "", text: "", children: [] };
  const open = [root];
  for (const [tag] of pdml.matchAll(/<\/?(?:packet|proto|field)\b[^>]*>/g)) {
    if (tag.startsWith("</")) {
      open.pop();
      continue;
    }
    const attribute = (key: string): string => unescapeXml(tag.match(new RegExp(` ${key}="([^"]*)"`))?.[1] ?? "");
    const node = { name: attribute("name"), show: attribute("show"), text: attribute("showname"), children: [] };
    open.at(-1)?.children.push(node);
    if (!tag.endsWith("/>")) open.push(node);
  }
  return root.children;
}

/** Children of a name. */
export function named(node: Node | undefined, name: string): Node[] {
  return node?.children.filter((child) => child.name === name) ?? [];
}

export function captureFixture(name: string): Uint8Array {
  return readFileSync(new URL(`../vectors/captures/${name}`, import.meta.url));
}

const udpFields = ["-T", "fields", ...["udp.srcport", "udp.dstport", "udp.payload"].flatMap((field) => ["-e", field])];

/** The datagrams of a capture as tshark sees them, without our dissector's help. */
export function datagramsOf(capture: Uint8Array): Datagram[] {
  return toDatagrams(tshark(capture, ...udpFields));
}

/** The same of a file, however large. */
export function datagramsOfFile(path: string): Datagram[] {
  const options = { encoding: "utf8", maxBuffer: 2 ** 30 } as const;
  const { status, stdout, stderr } = spawnSync("tshark", ["-n", "-r", path, ...udpFields], options);
  if (status !== 0) throw new Error(`tshark: ${stderr}`);
  return toDatagrams(stdout);
}

function toDatagrams(lines: string): Datagram[] {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [from, to, payload = ""] = line.split("\t");
      const isBoard = (port: string | undefined): boolean =>
        Number(port) === hostArq.dataPort || Number(port) === hostArq.resetPort;
      return {
        toBoard: isBoard(to),
        port: Number(isBoard(to) ? to : from) === hostArq.resetPort ? "reset" : "data",
        bytes: Uint8Array.from(Buffer.from(payload.replaceAll(":", ""), "hex")),
      };
    });
}
