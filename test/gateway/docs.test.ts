/** The requests of docs/gateway.md are run as they stand. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startTestGateway, temporaryFolder } from "./support.js";

const page = readFileSync(new URL("../../docs/gateway.md", import.meta.url), "utf8");
const script = /```sh\n(.*?)```/s.exec(page)?.[1] ?? "";

it("works by hand as the page says", async ({ skip }) => {
  expect(script).toContain("curl");
  const folder = await temporaryFolder();
  const running = await startTestGateway(join(folder.path, "state"));
  try {
    const shell = spawn("sh", ["-eu", "-c", `command -v curl || exit 77\n${script}`], {
      cwd: folder.path,
      env: { ...process.env, GATEWAY: running.url },
    });
    let text = "";
    shell.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const code = await new Promise((resolve) => shell.on("close", resolve));
    if (code === 77) skip("curl is not installed");
    expect([code, text]).toEqual([0, expect.stringContaining('"state":"answered"')]);
    const answer = await readFile(join(folder.path, "answer.words"));
    expect([...answer.subarray(-16)]).toEqual([2, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0]);
    expect(running.gateway.sessionCount).toBe(0);
  } finally {
    await running.close();
    await folder.remove();
  }
});
