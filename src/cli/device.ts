/** Opening a device for a command, with or without a capture of what goes over the wire. */
import { availableParallelism } from "node:os";
import type { OpenedDevice } from "../api/open-device.js";
import type { CaptureSink } from "../device/transport/record.js";
import type { Context } from "./context.js";
import { messageOf } from "./exit-codes.js";
import { ownVersion } from "./versions.js";

/**
 * Open a device, use it, close it, whatever happens.
 * @param url of the device; several boards of one kind, with blanks between, are one device
 * @param capture file to record to @param also another one who wants to see the datagrams
 * @param virtualThreads of virtual boards whose URL does not say
 * @throws CaptureUnwritable when the capture cannot be begun; those of `openDevice` and of `use`
 */
export async function withDevice<T>(
  { logger, interrupts, terminal }: Context,
  url: string,
  capture: string | undefined,
  use: (device: OpenedDevice) => Promise<T>,
  { also, virtualThreads = 1 }: { readonly also?: CaptureSink; readonly virtualThreads?: number } = {},
): Promise<T> {
  const { openDevices } = await import("../api/open-devices.js");
  const { signal } = interrupts;
  // A capture is read as one board's.
  const options = { signal, logger, virtualThreads: capture === undefined ? virtualThreads : 1 };
  const urls = url.trim().split(/\s+/);
  if (capture === undefined)
    return await opened(openDevices(urls, { ...options, ...(also ? { capture: also } : {}) }), use);
  const { recordTo } = await import("../api/record-to.js");
  const file = recordTo(capture, `hxloop ${ownVersion()}`);
  try {
    return await opened(openDevices(urls, { ...options, capture: also ? both(file, also) : file }), use);
  } finally {
    try {
      file.close();
    } catch (error) {
      // The work itself went on without it.
      terminal.say(`${terminal.paint("yellow", "warning:")} ${messageOf(error, false).replace(/^hxloop: /, "")}`);
    }
  }
}

/** Threads that record many experiments on a virtual chip: as many as there are cores, up to what one host can feed. */
export function recordingThreads(): number {
  return Math.min(4, availableParallelism());
}

async function opened<T>(opening: Promise<OpenedDevice>, use: (device: OpenedDevice) => Promise<T>): Promise<T> {
  const device = await opening;
  try {
    return await use(device);
  } finally {
    await device.close();
  }
}

function both(first: CaptureSink, second: CaptureSink): CaptureSink {
  return {
    board(url) {
      const recorders = [first.board(url), second.board(url)];
      return {
        datagram: (direction, port, bytes) => {
          for (const recorder of recorders) recorder.datagram(direction, port, bytes);
        },
        identify: (text) => {
          for (const recorder of recorders) recorder.identify(text);
        },
        end: () => {
          for (const recorder of recorders) recorder.end();
        },
      };
    },
  };
}
