/** Opens one device, or several boards of one kind as one. */
import { poolDevices } from "../device/pool.js";
import { type OpenDeviceOptions, type OpenedDevice, openDevice } from "./open-device.js";

/**
 * @param urls one or more; a board may be named once for each of its copies, as with virtual ones
 * @throws UnsupportedTarget when they are not of one kind, and what `openDevice` throws; then none is left open
 */
export async function openDevices(urls: readonly string[], options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  const openings = await Promise.allSettled(urls.map((url) => openDevice(url, options)));
  const devices = openings.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = openings.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return poolDevices(devices);
  } catch (error) {
    await Promise.all(devices.map((device) => device.close()));
    throw error;
  }
}
