/**
 * Device URLs: text in, a typed address out. One scheme serves the command line, the configuration and the interface.
 * Nothing is opened here, and what the knobs of a virtual chip mean is not known here.
 */
import { z } from "zod";
import { FieldOutOfRange } from "../base/errors.js";
import { faultsLegal, parseFaults } from "../base/faults/fault-spec.js";
import { UnsupportedTarget } from "./errors.js";

/** The description of a knob is its legal range, as messages state it. */
const port = z.coerce.number().int().min(1).max(65535).describe("the integers 1..65535");
const factor = z.coerce.number().min(0).max(10).optional().describe("0..10");

const virtualQuery = z.strictObject({
  /** Seed of the chip: another number is another chip. */
  chip: z.coerce.number().int().min(0).max(0xffff_ffff).default(1).describe("the integers 0..4294967295"),
  preset: z.enum(["ideal", "typical", "harsh"]).default("typical").describe("ideal, typical, harsh"),
  /** Factors on the imperfections of a typical chip: docs/chip-model.md. */
  mismatch: factor,
  trialNoise: factor,
  writeNoise: factor,
  drift: factor,
  crosstalk: factor,
  converterSpread: factor,
  converterNoise: factor,
  missingSamples: factor,
  defects: factor,
  /** How the board's thread is reached: bare datagrams, or the frames of a serial line, which faults imply. */
  wire: z.enum(["datagrams", "line"]).optional().describe("datagrams, line"),
  /** Boards of this chip that share experiments, each in a thread of its own; answers are the same for any number. */
  threads: z.coerce.number().int().min(1).max(16).optional().describe("the integers 1..16"),
  /** What goes wrong on the way to the board, by seed. */
  faults: z.string().transform(parseFaults).optional().describe(faultsLegal),
  faultSeed: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe("the integers 0..2^53-1"),
});
const seconds = z.coerce.number().min(0).max(3600).optional().describe("0..3600");
/** How long a board that is waited for may be silent, s; 0: for ever. */
const alive = seconds;
const udpQuery = z.strictObject({ reset: port.optional().describe("the integers 1..65535"), alive });
const level = z
  .enum(["0", "1"])
  .transform((text) => text === "1")
  .optional()
  .describe("0, 1");
const serialQuery = z.strictObject({
  baud: z.coerce.number().int().min(50).max(12_000_000).default(3_000_000).describe("the integers 50..12000000"),
  /** Serial number of the USB converter: found again wherever the system puts it. */
  id: z.string().optional().describe("a serial number"),
  dtr: level,
  rts: level,
  alive,
});

const gatewayQuery = z.strictObject({
  /** File with the token; without it, HXLOOP_TOKEN. */
  tokenFile: z.string().min(1).optional().describe("the path of a file"),
  /** How long a gateway that does not answer is asked again, s. */
  patience: seconds,
});

export type VirtualKnobs = z.infer<typeof virtualQuery>;

export type DeviceAddress =
  | { readonly scheme: "virtual"; readonly knobs: VirtualKnobs }
  | {
      readonly scheme: "udp";
      readonly host: string;
      readonly port?: number;
      readonly resetPort?: number;
      readonly alive?: number;
    }
  | ({ readonly scheme: "serial" } & SerialAddress)
  | {
      readonly scheme: "gateway";
      /** Where the gateway's resources begin, without a slash at the end. */
      readonly base: string;
      readonly board: number;
      readonly tokenFile?: string | undefined;
      readonly patience?: number | undefined;
    };

/** A port by its path, or by its converter's serial number. */
type SerialAddress = { readonly path?: string; readonly id?: string } & {
  readonly baud: number;
  readonly dtr?: boolean;
  readonly rts?: boolean;
  readonly alive?: number;
};

const legal =
  "virtual:?chip=1, udp://host[:port][?reset=port], serial:///dev/ttyUSB0?baud=3000000, https://gateway/boards/0";

export type GatewayAddress = Extract<DeviceAddress, { scheme: "gateway" }>;

/**
 * Read a device URL.
 * @throws UnsupportedTarget for an unknown scheme or knob, naming the legal ones
 * @throws FieldOutOfRange for a knob with an illegal value
 */
export function parseDeviceUrl(text: string): DeviceAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new UnsupportedTarget(text, `not a device URL; legal: ${legal}`);
  switch (url.protocol) {
    case "virtual:":
      if (url.hostname !== "" || url.pathname !== "")
        throw new UnsupportedTarget(text, "a virtual device has only knobs: virtual:?chip=1");
      return { scheme: "virtual", knobs: query(text, url, virtualQuery) };
    case "udp:": {
      const { reset, alive } = query(text, url, udpQuery);
      if (url.hostname === "") throw new UnsupportedTarget(text, "the host is missing: udp://host[:port]");
      return {
        scheme: "udp",
        host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
        ...(url.port === "" ? {} : { port: Number(url.port) }),
        ...(reset === undefined ? {} : { resetPort: reset }),
        ...(alive === undefined ? {} : { alive }),
      };
    }
    case "serial:":
      return { scheme: "serial", ...serialAddress(text, url) };
    case "http:":
    case "https:":
      return gatewayAddress(text, url);
    default:
      throw new UnsupportedTarget(text, `unknown scheme ${url.protocol.slice(0, -1)}; legal: ${legal}`);
  }
}

function serialAddress(text: string, url: URL): SerialAddress {
  const { baud, id, dtr, rts, alive } = query(text, url, serialQuery);
  const hasPath = url.pathname.length >= 2;
  if (url.hostname !== "" || hasPath === (id !== undefined))
    throw new UnsupportedTarget(text, "a port goes by path or by id: serial:///dev/ttyUSB0, serial:?id=SERIALNUMBER");
  return {
    baud,
    ...(id === undefined ? { path: decodeURIComponent(url.pathname) } : { id }),
    ...(dtr === undefined ? {} : { dtr }),
    ...(rts === undefined ? {} : { rts }),
    ...(alive === undefined ? {} : { alive }),
  };
}

function gatewayAddress(text: string, url: URL): DeviceAddress {
  if (url.username !== "" || url.password !== "")
    throw new UnsupportedTarget(text, "a URL is no place for a secret; use HXLOOP_TOKEN or ?tokenFile=PATH");
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isLoopback)
    throw new UnsupportedTarget(text, "a token and answers would travel in the clear; use https://");
  const [, path, board] = /^(.*)\/boards\/(\d{1,4})\/?$/.exec(url.pathname) ?? [];
  if (path === undefined || board === undefined)
    throw new UnsupportedTarget(text, "the board is missing: https://gateway/boards/0");
  return {
    scheme: "gateway",
    base: `${url.origin}${path}`,
    board: Number(board),
    ...query(text, url, gatewayQuery),
  };
}

/** Check the query against its schema; the first complaint becomes an error that names knob, value and legal range. */
function query<T extends z.ZodObject>(text: string, url: URL, schema: T): z.infer<T> {
  const knobs: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (name in knobs) throw new UnsupportedTarget(text, `knob ${name} is given twice`);
    // An empty value would be read as the number zero.
    knobs[name] = value === "" ? "empty" : value;
  }
  const result = schema.safeParse(knobs);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys")
    throw new UnsupportedTarget(
      text,
      `unknown knob ${issue.keys.join(", ")}; legal: ${Object.keys(schema.shape).join(", ")}`,
    );
  const name = String(issue?.path[0]);
  throw new FieldOutOfRange(`${text}: ${name}`, knobs[name], schema.shape[name]?.description ?? "the legal range");
}
