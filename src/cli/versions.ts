/** Versions that belong to a result: hxloop's own, Node's, and those of the packages that can change a number. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const packageSchema = z.object({ name: z.string(), version: z.string() });
const require = createRequire(import.meta.url);

function packageAbove(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "package.json");
    if (existsSync(path)) {
      const parsed = packageSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
      if (parsed.success && parsed.data.name === name) return parsed.data.version;
    }
    if (dirname(at) === at) return undefined;
  }
}

/** Version of hxloop, from its own package file. */
export function ownVersion(): string {
  return packageAbove(dirname(fileURLToPath(import.meta.url)), "hxloop") ?? "unknown";
}

function installedVersion(name: string): string | undefined {
  try {
    return packageAbove(dirname(require.resolve(name)), name);
  } catch {
    return undefined;
  }
}

/** By name; packages that are not installed are left out. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = {
    hxloop: ownVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  for (const name of ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-node", "zarrita"]) {
    const version = installedVersion(name);
    if (version !== undefined) found[name] = version;
  }
  return found;
}
