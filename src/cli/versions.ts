/** Versions that belong to a result: hxloop's own, Node's, and those of the packages that can change a number. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const packageSchema = z.object({ name: z.string(), version: z.string() });

function readVersion(path: string, name: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const parsed = packageSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  return parsed.success && parsed.data.name === name ? parsed.data.version : undefined;
}

/** Look for a file in this module's folder and all above it, as Node looks for packages. */
function versionAbove(relative: string, name: string): string | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const version = readVersion(join(at, relative), name);
    if (version !== undefined || dirname(at) === at) return version;
  }
}

/** Version of hxloop, from its own package file. */
export function ownVersion(): string {
  return versionAbove("package.json", "hxloop") ?? "unknown";
}

/** What in this program may give other results than the one that began a run. Empty when nothing does. */
export function versionChanges(before: Readonly<Record<string, string>>): string {
  const now = versions();
  return Object.keys({ ...before, ...now })
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} ${before[name] ?? "none"}, now ${now[name] ?? "none"}`)
    .join("; ");
}

/** By name; packages that are not installed are left out, and the hash of the build where nothing was built. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = {
    hxloop: ownVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  const build = readVersion(fileURLToPath(new URL("../build.json", import.meta.url)), "hxloop-build");
  if (build !== undefined) found.build = build;
  for (const name of ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-node", "zarrita"]) {
    const version = versionAbove(join("node_modules", name, "package.json"), name);
    if (version !== undefined) found[name] = version;
  }
  return found;
}
