/** The device suite through a gateway that shares a virtual board. */
import { afterAll, beforeAll } from "vitest";
import { openDevice } from "../../src/api/index.js";
import type { RunningGateway } from "../../src/gateway/start.js";
import { startTestGateway, temporaryFolder } from "../gateway/support.js";
import { describeDevice } from "./device-suite.js";

let running: RunningGateway;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  running = await startTestGateway(folder.path);
});
afterAll(async () => {
  await running?.close();
  await folder?.remove();
});

describeDevice("a board behind a gateway", () => openDevice(`${running.url}/boards/0`));
