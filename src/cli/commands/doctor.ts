/**
 * `hxloop doctor`: what this machine offers, what is slower than it could be, and what to do about it. Prints what it
 * measured, one line per check; its exit code is that of the first check that failed.
 */
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { arch, availableParallelism, platform, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { Command } from "commander";
import { type Clock, elapsedMs } from "../../base/clock.js";
import { isHxError } from "../../base/errors.js";
import { type Context, defaultDevice, deviceOf, runsFolder } from "../context.js";
import { withDevice } from "../device.js";
import { exitCodeOf, exitCodes, messageOf } from "../exit-codes.js";
import { captureOption, nonEmpty } from "../options.js";
import type { Colour, Terminal } from "../terminal.js";
import { versions } from "../versions.js";

interface DoctorFlags {
  readonly device?: string;
  readonly capture?: string;
  readonly json?: true;
}

interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do, when there is something to do. */
  readonly advice?: string;
  /** Exit code of a failure. */
  readonly code?: number;
}

export function doctorCommand(context: Context): Command {
  return new Command("doctor")
    .description("Say which Node, tensor backend, kernels and device there are, and why not a faster one.")
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
  for (const make of [nodeCheck, versionsCheck, backendCheck, deviceCheck, folderCheck]) {
    for (const check of await make(context, flags)) {
      interrupts.signal.throwIfAborted();
      checks.push(check);
      for (const line of linesOf(check, terminal)) print(line);
    }
  }
  const ok = checks.every((check) => check.status !== "fail");
  if (flags.json) {
    const plain = checks.map(({ name, status, detail, advice }) => ({ name, status, detail, advice: advice ?? null }));
    terminal.result(JSON.stringify({ schema: "hxloop.doctor/1", ok, checks: plain }));
  }
  return checks.find((check) => check.status === "fail")?.code ?? exitCodes.ok;
}

const colours = { ok: "green", warn: "yellow", fail: "red" } as const satisfies Record<Check["status"], Colour>;

function linesOf(check: Check, terminal: Terminal): string[] {
  const status = terminal.paint(colours[check.status], check.status.padEnd(4));
  const line = `${status}  ${check.name.padEnd(15)} ${check.detail}`;
  return check.advice === undefined ? [line] : [line, `      ${" ".repeat(15)} -> ${check.advice}`];
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

function failed(error: unknown): Pick<Check, "status" | "detail" | "code"> {
  return { status: "fail", detail: messageOf(error, false).replace(/^hxloop: /, ""), code: exitCodeOf(error) };
}

async function deviceCheck(context: Context, flags: DoctorFlags): Promise<Check[]> {
  const { clock, interrupts, env } = context;
  const url = deviceOf(flags.device, env);
  const { signal } = interrupts;
  const name = "device";
  try {
    const from = clock.now();
    return await withDevice(context, url, flags.capture, async (device) => {
      const session = await device.openSession({ signal });
      const { boardId } = session.identity;
      const bitfileInfo = session.identity.bitfileInfo.trim().replaceAll(/\s*\n\s*/g, ", ");
      await session.close();
      return [
        { name, status: "ok", detail: `${url}: board ${boardId}, ${bitfileInfo}, opened in ${since(clock, from)}` },
      ];
    });
  } catch (error) {
    signal.throwIfAborted();
    const isOurs = isHxError(error, "CaptureUnwritable");
    const advice = isOurs
      ? "name a file that does not exist yet"
      : `check --device and the cable; the chip in software is ${defaultDevice}`;
    return [{ name, ...failed(error), advice }];
  }
}

function since(clock: Clock, from: ReturnType<Clock["now"]>): string {
  return `${elapsedMs(from, clock.now()).toFixed(0)} ms`;
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
