/**
 * `hxloop doctor`: what this machine offers, what is slower than it could be, and what the device does, step by step
 * from the wire up. Prints what it measured, one line per check; its exit code is that of the first check that failed.
 */
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { arch, availableParallelism, platform, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { deferred } from "../../base/async.js";
import { elapsedMs } from "../../base/clock.js";
import { isHxError } from "../../base/errors.js";
import type { Device } from "../../device/interface/index.js";
import { type Context, defaultDevice, runsFolder } from "../context.js";
import { withDevice } from "../device.js";
import { type Check, failed, linesOf } from "../doctor/check.js";
import { WireTimes } from "../doctor/wire-times.js";
import { exitCodes } from "../exit-codes.js";
import { captureOption, nonEmpty } from "../options.js";
import { versions } from "../versions.js";

interface DoctorFlags {
  readonly device?: string;
  readonly capture?: string;
  readonly json?: true;
}

export function doctorCommand(context: Context): Command {
  return new Command("doctor")
    .description(
      "Say which Node, tensor backend and kernels there are, and walk through the device, from wire to membrane.",
    )
    .option("--device <URL>", `device to ask (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .addOption(captureOption())
    .option("--json", "print one JSON object as the last line on stdout")
    .addHelpText("after", "\nExample:\n  $ hxloop doctor --device udp://192.168.4.2")
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await doctor(context, flags);
    });
}

async function doctor(context: Context, flags: DoctorFlags): Promise<number> {
  const { terminal, interrupts } = context;
  const checks: Check[] = [];
  const print = flags.json ? terminal.say : terminal.result;
  const show = (check: Check): void => {
    interrupts.signal.throwIfAborted();
    checks.push(check);
    for (const line of linesOf(check, terminal)) print(line);
  };
  for (const make of [nodeCheck, versionsCheck, backendCheck]) for (const check of await make()) show(check);
  for await (const check of deviceChecks(context, flags)) show(check);
  for (const check of await folderCheck()) show(check);
  const ok = checks.every((check) => check.status !== "fail");
  if (flags.json) {
    const plain = checks.map(({ name, status, detail, measured, ms, advice }) => ({
      name,
      status,
      detail,
      measured: measured ?? null,
      ms: ms ?? null,
      advice: advice ?? null,
    }));
    terminal.result(JSON.stringify({ schema: "hxloop.doctor/1", ok, checks: plain }));
  }
  return checks.find((check) => check.status === "fail")?.code ?? exitCodes.ok;
}

async function nodeCheck(): Promise<Check[]> {
  // bin/hxloop.mjs has refused a Node that is too old; what runs here is new enough.
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
  const machine = `${platform()}-${arch()}, ${availableParallelism()} cores, ${memory}`;
  const name = "node";
  const detail = `${process.versions.node} on ${machine}`;
  if (totalmem() >= 2 * 2 ** 30) return [{ name, status: "ok", detail }];
  return [{ name, status: "warn", detail, advice: "a calibration takes up to 2 GB; use fewer --simulations" }];
}

async function versionsCheck(): Promise<Check[]> {
  const detail = Object.entries(versions())
    .filter(([name]) => name !== "node" && name !== "platform")
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
  return [{ name: "versions", status: "ok", detail }];
}

async function backendCheck(): Promise<Check[]> {
  const kernels: Check = { name: "kernels", status: "ok", detail: "composed tensor operations" };
  const name = "tensor backend";
  try {
    const { selectBackend } = await import("../../calib/nn/backend.js");
    const report = await selectBackend("auto");
    const detail = `${report.name} (${Object.values(report.versions).join(", ")})`;
    const faster = report.rejected.map(({ name, reason }) => `faster ${name} was not taken: ${reason}`).join("; ");
    if (faster === "") return [{ name, status: "ok", detail }, kernels];
    const status = report.name === "cpu" ? "warn" : "ok";
    return [{ name, status, detail, advice: faster }, kernels];
  } catch (error) {
    return [{ name, ...failed(error), advice: "install the packages again: npm ci" }, kernels];
  }
}

/** Open the device, then walk it from the wire up. Checks come as they are made. */
async function* deviceChecks(context: Context, flags: DoctorFlags): AsyncGenerator<Check> {
  const { clock, interrupts } = context;
  const url = flags.device ?? defaultDevice;
  const { signal } = interrupts;
  const name = "device";
  const times = new WireTimes(clock);
  const from = clock.now();
  let opened: Opened;
  try {
    opened = await openForWalk(context, url, flags.capture, times);
  } catch (error) {
    signal.throwIfAborted();
    const isOurs = isHxError(error, "CaptureUnwritable");
    const advice = isOurs
      ? "name a file that does not exist yet"
      : `check --device and the cable; the chip in software is ${defaultDevice}`;
    yield { name, ...failed(error), advice };
    return;
  }
  try {
    const { device } = opened;
    const detail = `${url}: board ${device.identity.boardId}`;
    yield {
      name,
      status: "ok",
      detail,
      measured: { boardId: device.identity.boardId },
      ms: elapsedMs(from, clock.now()),
    };
    const { walkDevice } = await import("../doctor/device-walk.js");
    yield* walkDevice({ device, times, clock, signal });
  } finally {
    await opened.close();
  }
}

interface Opened {
  readonly device: Device;
  close(): Promise<void>;
}

/** A device that stays open until it is closed here; `withDevice` closes it, and the capture, when the walk is over. */
async function openForWalk(
  context: Context,
  url: string,
  capture: string | undefined,
  times: WireTimes,
): Promise<Opened> {
  const ready = deferred<Device>();
  const over = deferred<void>();
  const whole = withDevice(
    context,
    url,
    capture,
    async (device) => {
      ready.resolve(device);
      await over.promise;
    },
    { also: times },
  );
  whole.catch(ready.reject);
  const device = await ready.promise;
  return {
    device,
    async close() {
      over.resolve();
      await whole;
    },
  };
}

/** The folder where runs go, or the nearest one above it that exists. */
async function folderCheck(): Promise<Check[]> {
  const name = "run folder";
  for (let at = resolve(runsFolder); ; at = dirname(at)) {
    try {
      await access(at, constants.F_OK);
    } catch {
      continue;
    }
    try {
      await access(at, constants.W_OK);
    } catch {
      const detail = `${at} is not writable`;
      return [{ name, status: "fail", detail, advice: "start hxloop elsewhere, or use --out", code: exitCodes.input }];
    }
    const { bavail, bsize } = await statfs(at);
    const free = (bavail * bsize) / 2 ** 30;
    const detail = `${resolve(runsFolder)}, ${free.toFixed(1)} GiB free`;
    if (free >= 1) return [{ name, status: "ok", detail }];
    return [{ name, status: "warn", detail, advice: "a run takes up to some hundred MB; free space or use --out" }];
  }
}
