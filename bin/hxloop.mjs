#!/usr/bin/env node
// Starts the built command line. Says what to do when there is nothing built yet, or when Node is too old for it.
import { existsSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const main = new URL("../dist/src/cli/main.js", import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`hxloop: Node 20.19 or later is needed; this is ${process.version}`);
  process.exit(1);
}
if (!existsSync(main)) {
  console.error("hxloop: not built yet; run: npm run build");
  process.exit(1);
}
const { main: run } = await import(main.href);
await run(process.argv);
