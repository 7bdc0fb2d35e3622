/** How an unfinished run is called by its name, so that nothing presents it as whole. */
import { liveOwner } from "./lock.js";
import type { Manifest } from "./manifest.js";

/** The command that goes on with a run; quoted for a POSIX shell when it has to be. */
export function resumeCommand(directory: string): string {
  const word = /^[\w@%+=:,./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`;
  return `hxloop calibrate --resume ${word}`;
}

/** What an unfinished run lacks and how to go on, or undefined for a finished one. */
export async function describeUnfinished(directory: string, manifest: Manifest): Promise<string | undefined> {
  if (manifest.state === "finished") return undefined;
  const owner = await liveOwner(directory);
  if (owner !== undefined)
    return `run ${directory} is unfinished: process ${owner.pid} on ${owner.host} is working on it`;
  const how = {
    running: "its process ended without a word",
    interrupted: "it was interrupted",
    failed: `it failed (${manifest.reason ?? "no reason kept"})`,
  }[manifest.state];
  return `run ${directory} is unfinished: ${how}; go on with: ${resumeCommand(directory)}`;
}
