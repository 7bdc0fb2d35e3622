/** Start a capture file for `openDevice`: the only place where recordings meet the system's clocks. */
import { systemClock, wallTime } from "../base/clock.js";
import { CaptureFile } from "../device/transport/capture-file.js";

/**
 * @param path a file that does not exist yet
 * @param application name and version of who records
 * @throws CaptureUnwritable
 */
export function recordTo(path: string, application = "hxloop"): CaptureFile {
  return new CaptureFile(path, { clock: systemClock, nowMs: Date.parse(wallTime()), application });
}
