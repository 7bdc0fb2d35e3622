/** Opens one device, or several boards of one kind as one. */
import { type OpenDeviceOptions, type OpenedDevice, openDevice, openTogether } from "./open-device.js";

/**
 * @param urls one or more; a board may be named once for each of its copies, as with virtual ones
 * @throws UnsupportedTarget when they are not of one kind, and what `openDevice` throws; then none is left open
 */
export async function openDevices(urls: readonly string[], options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  return await openTogether(urls.map((url) => openDevice(url, options)));
}
