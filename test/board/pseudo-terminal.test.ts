/** Where the optional package for pseudo-terminals is absent, socat makes one: the same board, the same end. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveBoardOnPipe } from "../../firmware-sim/listen/pipe.js";
import { openPseudoTerminal } from "../../firmware-sim/listen/pseudo-terminal.js";
import { openDevice } from "../../src/api/index.js";
import { systemClock } from "../../src/base/clock.js";

const hasSocat = spawnSync("socat", ["-V"], { stdio: "ignore" }).status === 0;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hxloop-socat-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasSocat)(`a pseudo-terminal by socat${hasSocat ? "" : " (not installed)"}`, () => {
  it("carries a board, and is gone with its link when it is closed", { timeout: 60_000 }, async () => {
    const link = join(folder, "tty");
    const terminal = await openPseudoTerminal(link, systemClock, ["socat"]);
    expect(terminal.tool).toBe("socat");
    const board = serveBoardOnPipe(terminal.pipe, { chip: 1, preset: "ideal" }, systemClock);
    const device = await openDevice(`serial://${link}`);
    const session = await device.openSession();
    const builder = session.program();
    // More than the terminal holds, both ways.
    const ticks = Array.from({ length: 5000 }, () => builder.tick());
    await session.run(builder.build());
    expect(ticks.every(({ isReady }) => isReady)).toBe(true);
    await device.close();
    board.close();
    await terminal.pipe.close();
    expect(existsSync(link)).toBe(false);
  });
});

it("names the folder that is missing before it makes a terminal", async () => {
  const link = join(folder, "nowhere", "tty");
  await expect(openPseudoTerminal(link, systemClock)).rejects.toMatchObject({
    _tag: "AddressTaken",
    message: `${link}: there is no folder ${join(folder, "nowhere")} to put it in`,
  });
});
