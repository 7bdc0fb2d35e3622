/** Opening a device for a command, with or without a capture of what goes over the wire. */
import { availableParallelism } from "node:os";
import type { OpenedDevice } from "../api/open-device.js";
import type { Session } from "../device/interface/index.js";
import type { CaptureSink } from "../device/transport/record.js";
import type { Context } from "./context.js";
import { messageOf } from "./exit-codes.js";
import { ownVersion } from "./versions.js";

/**
 * Open a device, use it, close it, whatever happens.
 * @param url of the device; several boards of one kind, with blanks between, are one device
 * @param capture file to record to @param also another one who wants to see the datagrams
 * @param virtualThreads of a virtual board that is named alone and whose URL does not say
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
  const urls = url.trim().split(/\s+/);
  // A capture is read as one board's; who names several boards has said how many.
  const isOne = capture !== undefined || urls.length > 1;
  const options = { signal, logger, virtualThreads: isOne ? 1 : virtualThreads };
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

/** Boards of a virtual chip that one host can feed. */
const mostRecordingThreads = 4;

/**
 * Open a device and a session of chains on it, for many experiments: on a virtual chip a board per core takes part.
 * @throws those of `withDevice` and of opening the session
 */
export async function withSession<T>(
  context: Context,
  url: string,
  capture: string | undefined,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { signal } = context.interrupts;
  const virtualThreads = Math.min(mostRecordingThreads, availableParallelism());
  const inSession = async (device: OpenedDevice): Promise<T> => {
    const session = await device.openSession({ signal, chains: true });
    try {
      return await use(session);
    } finally {
      await session.close();
    }
  };
  return await withDevice(context, url, capture, inSession, { virtualThreads });
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
