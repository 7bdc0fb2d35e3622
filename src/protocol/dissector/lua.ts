/** Values as Lua source. Knows nothing of what they mean. */

export type LuaValue =
  | string
  | number
  | boolean
  | readonly LuaValue[]
  | { readonly [key: string]: LuaValue | undefined };

const identifier = /^[A-Za-z_]\w*$/;

/** A literal; entries that are undefined are left out. Lists count from 1, as Lua does. */
export function toLua(value: LuaValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return `{${value.map(toLua).join(",")}}`;
  const entries = Object.entries(value).filter((entry): entry is [string, LuaValue] => entry[1] !== undefined);
  return `{${entries.map(([key, entry]) => `${keyText(key)}=${toLua(entry)}`).join(",")}}`;
}

function isList(value: object): value is readonly LuaValue[] {
  return Array.isArray(value);
}

function keyText(key: string): string {
  if (/^\d+$/.test(key)) return `[${key}]`;
  return identifier.test(key) ? key : `[${JSON.stringify(key)}]`;
}

/** A table with an entry per line, for the large ones. */
export function luaLines(values: readonly LuaValue[]): string {
  return `{\n${values.map((value) => `  ${toLua(value)},\n`).join("")}}`;
}
