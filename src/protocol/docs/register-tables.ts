/**
 * The register tables of docs/registers.md, from the containers.
 */
import type { BitRun, ContainerType, FieldSpec } from "../containers/container.js";
import { formatFieldValue } from "../containers/define-container.js";
import { containerChapters } from "../containers/dictionary.js";
import { bitRange, hex, table } from "./markdown.js";

const accessText = { rw: "read and write", r: "read only", w: "write only" } as const;
const busText = {
  omnibus: "omnibus",
  omnibusOverJtag: "omnibus through JTAG",
  jtagPll: "JTAG PLL register",
  jtagPhy: "JTAG PHY register",
} as const;

function runText(run: BitRun, wordCount: number, fieldRuns: number): string {
  const where = `${wordCount > 1 ? `w${run.word} ` : ""}${bitRange(run.low, run.width)}`;
  const width = run.thermometer ? Math.floor(Math.log2(run.width + 1)) : run.width;
  const which = fieldRuns > 1 ? ` = value ${bitRange(run.valueLow, width)}` : "";
  const how = [run.inverted && "inverted", run.reversed && "reversed", run.thermometer && "thermometer"].filter(
    Boolean,
  );
  return `${where}${which}${how.length > 0 ? `, ${how.join(", ")}` : ""}`;
}

function fieldRow(field: FieldSpec, wordCount: number): string[] {
  const runs = field.runs.map((run) => runText(run, wordCount, field.runs.length));
  const labels = field.labels?.map((label, value) => `${value} ${label}`).join(", ");
  const offset = field.storedOffset === 0 ? "" : `; stored ${field.storedOffset > 0 ? "+" : ""}${field.storedOffset}`;
  const range =
    field.kind === "bool" ? "flag" : `${field.min}..${field.max}${field.unit ? ` ${field.unit}` : ""}${offset}`;
  return [
    `\`${field.name}\``,
    runs.join("<br>") || "see above",
    range,
    formatFieldValue(field, field.default),
    labels ? `${field.doc}: ${labels}` : field.doc,
  ];
}

/** `0x160002..0x160007`, or a list where the words do not follow each other. */
function addressText(addresses: readonly number[]): string {
  const first = addresses[0] ?? 0;
  const last = addresses.at(-1) ?? 0;
  if (addresses.length > 1 && addresses.every((address, i) => address === first + i))
    return `${hex(first)}..${hex(last)}`;
  return addresses.map((address) => hex(address)).join(", ");
}

function containerText(container: ContainerType): string {
  const { coordinate, wordCount, fields } = container;
  const first = coordinate.at(0);
  const last = coordinate.at(coordinate.size - 1);
  const at = (value: typeof first): string =>
    `\`${coordinate.format(value)}\` ${addressText(container.addresses(value))}`;
  const facts = [
    `${coordinate.name} (${coordinate.size})`,
    accessText[container.access],
    busText[container.bus],
    coordinate.size === 1 ? at(first) : `${at(first)} … ${at(last)}`,
    `default ${[...container.encode({})].map((word) => hex(word)).join(" ")}`,
  ];
  const order = container.writeOrder.every((word, i) => word === i)
    ? []
    : [`written ${container.writeOrder.join(", ")}`];
  const rows = fields.map((field) => fieldRow(field, wordCount));
  return [
    `### ${container.name}`,
    container.doc,
    [...facts, ...order].join("; "),
    ...(rows.length > 0 ? [table(["field", "bits", "range", "default", "meaning"], rows)] : []),
  ].join("\n\n");
}

/** Blocks by the name of their marker. */
export function registerBlocks(): Record<string, string> {
  const chapters: readonly { readonly title: string; readonly containers: readonly ContainerType[] }[] =
    containerChapters;
  const text = chapters.map(({ title, containers }) => [`## ${title}`, ...containers.map(containerText)].join("\n\n"));
  return { registers: text.join("\n\n") };
}
