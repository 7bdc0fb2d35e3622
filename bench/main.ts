/** `npm run bench -- NAME [--json]`. Without a name it lists the benches. */
import { chipBench } from "./chip/chip.js";
import { experimentsBench } from "./experiments.js";
import { gatewayBench } from "./gateway.js";
import { BadOption, type Bench, machine, printRows } from "./harness.js";
import { inferenceBench } from "./inference.js";
import { trainingBench } from "./training.js";
import { transportsBench } from "./transports.js";
import { wireBench } from "./wire.js";

const benches: readonly Bench[] = [
  chipBench,
  experimentsBench,
  gatewayBench,
  inferenceBench,
  trainingBench,
  transportsBench,
  wireBench,
];

const args = process.argv.slice(2);
const json = args.includes("--json");
const name = args.find((a) => !a.startsWith("--"));
const rest = args.slice(args.indexOf(name ?? "") + 1);
const bench = benches.find((b) => b.name === name);

if (bench === undefined) {
  const list = benches.map((b) => `  ${b.name.padEnd(14)} ${b.about}`).join("\n");
  console.error(
    `${name === undefined ? "" : `no bench named ${name}\n`}usage: npm run bench -- NAME [--json]\n${list}`,
  );
  process.exitCode = name === undefined ? 0 : 2;
} else {
  const note = (line: string): void => console.error(line);
  note(`${bench.name}: ${bench.about}\n${machine()}`);
  try {
    const rows = await bench.run(note, rest);
    // The result, table or record, is what is left when notes are not wanted.
    (json ? note : console.log)(printRows(rows));
    if (json) console.log(JSON.stringify({ bench: bench.name, machine: machine(), rows }));
  } catch (error) {
    // What can be mended by whoever called it has a message; the rest is ours and needs its stack.
    if (!(error instanceof BadOption)) throw error;
    note(`${bench.name}: ${error.message}`);
    process.exitCode = 2;
  }
}
