/** Run a virtual board as a process of its own, on UDP: `node dist/firmware-sim/listen/main.js --help`. */
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.js";
import { FieldOutOfRange } from "../../src/base/errors.js";
import { hostArq } from "../../src/protocol/index.js";
import type { ImperfectionPreset } from "../../src/virtual-chip/index.js";
import { serveBoardOnUdp } from "./udp.js";

const presets = ["ideal", "typical", "harsh"] as const satisfies readonly ImperfectionPreset[];

const help = `Run a virtual BrainScaleS-2 board on UDP.

  --host ADDRESS      address to listen at (127.0.0.1)
  --port N            data port (${hostArq.dataPort})
  --reset-port N      reset port (${hostArq.resetPort})
  --chip N            seed of the chip (1)
  --preset NAME       ${presets.join(", ")} (typical)
`;

function integer(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new FieldOutOfRange(`--${name}`, text, `0..${max}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: String(hostArq.dataPort) },
      "reset-port": { type: "string", default: String(hostArq.resetPort) },
      chip: { type: "string", default: "1" },
      preset: { type: "string", default: "typical" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const preset = presets.find((name) => name === values.preset);
  if (!preset) throw new FieldOutOfRange("--preset", values.preset, presets.join(", "));
  const chip = integer("chip", values.chip, 2 ** 32 - 1);
  const listener = await serveBoardOnUdp({ chip, preset }, systemClock, {
    host: values.host,
    dataPort: integer("port", values.port, 65_535),
    resetPort: integer("reset-port", values["reset-port"], 65_535),
  });
  const { host, dataPort, resetPort } = listener;
  process.stdout.write(`virtual board, chip ${chip} (${preset}): udp://${host}:${dataPort}?reset=${resetPort}\n`);
  const stop = (): void => {
    process.stderr.write(`${JSON.stringify(listener.counters)}\n`);
    void listener.close();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
