/**
 * Text of container accesses: `write CapMemCell n17.v_reset = 512`, `read NeuronConfig n3`. Fields go by name, and those
 * at their defaults are left out.
 */
import { isReadable } from "../containers/bus-access.js";
import type { ContainerType, FieldSpec, FieldValue } from "../containers/container.js";
import { allContainers } from "../containers/dictionary.js";
import type { Coordinate, CoordinateType } from "../coordinates/coordinate.js";
import { type Line, quote, type Token } from "./lines.js";
import { type Constants, hex, inRange, numberOf } from "./numbers.js";
import type { Statement } from "./statement.js";

const containersByName = new Map(allContainers.map((container) => [container.name, container]));
/** Coordinates are listed up to this many, and searched for a near name up to that many. */
const listed = 8;
const searched = 20_000;

/** The field that `= value` means: the only one that has bits. */
function shortField(container: ContainerType): FieldSpec | undefined {
  const stored = container.fields.filter((field) => field.runs.length > 0);
  return stored.length === 1 ? stored[0] : undefined;
}

function takeContainer(line: Line): { readonly container: ContainerType; readonly token: Token } {
  const legal = "the name of a container, see docs/registers.md";
  const token = line.take(legal);
  const container = containersByName.get(token.text);
  if (!container) throw line.unknown(token, "container", containersByName.keys(), legal);
  return { container, token };
}

function* textsOf(type: CoordinateType): Generator<string> {
  if (type.size > searched) return;
  for (let index = 0; index < type.size; index++) yield type.format(type.at(index));
}

function legalCoordinates(type: CoordinateType): string {
  if (type.size <= listed) return [...textsOf(type)].join(", ");
  return `${type.format(type.at(0))} to ${type.format(type.at(type.size - 1))} (${type.size} of ${type.name})`;
}

function takeCoordinate(line: Line, type: CoordinateType): Coordinate<string> {
  const token = line.take(legalCoordinates(type));
  const at = token.text.length > 80 ? undefined : type.parse(token.text);
  if (at === undefined) throw line.unknown(token, "coordinate", textsOf(type), legalCoordinates(type));
  return at;
}

function legalValues(field: FieldSpec): string {
  if (field.kind === "bool") return "true, false";
  const range = `${field.min}..${field.max}`;
  return field.labels ? `${field.labels.join(", ")}, or ${range}` : range;
}

function takeValue(line: Line, container: ContainerType, field: FieldSpec, constants: Constants): FieldValue {
  const what = `${container.name}.${field.name}`;
  const legal = legalValues(field);
  const token = line.take(`${what}: ${legal}`);
  if (field.kind === "bool") {
    if (token.text === "true" || token.text === "false") return token.text === "true";
    throw line.refuse(token, `${what} = ${quote(token.text)} is no flag`, legal);
  }
  const label = field.labels?.indexOf(token.text) ?? -1;
  if (label >= 0) return label;
  const value = numberOf(line, token, legal, { constants });
  return Number(inRange(line, token, value, { what, min: field.min, max: field.max }));
}

function takeFields(line: Line, container: ContainerType, constants: Constants): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {};
  const short = shortField(container);
  const names = container.fields.map((field) => field.name);
  const legal = names.length > 0 ? names.join(", ") : "no field";
  const sign = line.takeIf("=");
  if (sign !== undefined) {
    if (!short) throw line.refuse(sign, `${container.name} has ${names.length} fields: which one?`, legal);
    fields[short.name] = takeValue(line, container, short, constants);
  }
  while (!line.isAtEnd) {
    const token = line.take(legal);
    const field = container.fields.find((one) => one.name === token.text);
    if (!field) throw line.unknown(token, `field of ${container.name}`, names, legal);
    if (field.name in fields) throw line.refuse(token, `${field.name} is given twice`, "each field once");
    line.expect("=");
    fields[field.name] = takeValue(line, container, field, constants);
  }
  return fields;
}

/** The rest of a line after `write`. @throws AssemblyInvalid */
export function parseWrite(line: Line, constants: Constants): Statement {
  const { container, token } = takeContainer(line);
  if (container.access === "r")
    throw line.refuse(token, `${container.name} cannot be written`, `read ${container.name}`);
  const at = takeCoordinate(line, container.coordinate);
  return { kind: "write", container, at, fields: takeFields(line, container, constants) };
}

/** The rest of a line after `read`. @throws AssemblyInvalid */
export function parseRead(line: Line): Statement {
  const { container, token } = takeContainer(line);
  if (container.access === "w" || !isReadable(container.bus))
    throw line.refuse(token, `${container.name} cannot be read`, `write ${container.name}`);
  return { kind: "read", container, at: takeCoordinate(line, container.coordinate) };
}

function formatValue(field: FieldSpec, value: FieldValue): string {
  if (typeof value === "boolean") return String(value);
  return field.labels?.[value] ?? (field.hex ? hex(value) : String(value));
}

export function formatPlace(container: ContainerType, at: Coordinate<string>): string {
  return `${container.name} ${container.coordinate.format(at)}`;
}

/** Coordinate and fields of a container access, without the verb. */
export function formatContents(
  container: ContainerType,
  at: Coordinate<string>,
  fields: Readonly<Record<string, FieldValue>>,
): string {
  const short = shortField(container);
  const shown = container.fields.filter(
    ({ name }) => (fields[name] ?? container.defaults[name]) !== container.defaults[name],
  );
  if (short && shown.every((field) => field === short)) {
    const value = fields[short.name] ?? (container.defaults[short.name] as FieldValue);
    return `${formatPlace(container, at)} = ${formatValue(short, value)}`;
  }
  const texts = shown.map((field) => `${field.name}=${formatValue(field, fields[field.name] as FieldValue)}`);
  return [formatPlace(container, at), ...texts].join(" ");
}
