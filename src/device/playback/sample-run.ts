/**
 * The densest part of an answer stream in one loop: packs of three MADC samples with the time deltas and empty words
 * between them, from the words' bytes straight into the columns. Does what the decoder does message by message, which
 * goes on with whatever is something else; a test holds the two together.
 */
import { fromFpgaMessages } from "../../protocol/messages/dictionary.js";
import type { MessageRun } from "../../protocol/messages/streams.js";
import type { EventBuffer } from "./event-buffer.js";

const { opcode: packOpcode } = fromFpgaMessages.madcPack3;
const { opcode: deltaOpcode } = fromFpgaMessages.sysdelta;
const packBytes = 10;
const deltaBytes = 8;
const comma = 0x80;
/** FPGA cycles that a stamp tells apart, and the same in units of 4 ns. */
const stampRange = 128;
const stampUnits = 2 * stampRange;
/** Times that lie further than this from the columns' origin may be more than these hold: a message brings 512 at most. */
const latest = 2 ** 31 - 1024;

/** FPGA time as the decoder keeps it: without its low 7 bits, and those. */
export interface SplitTime {
  high: number;
  low: number;
}

/**
 * Decode from `run.at` on, up to the first message of another kind, or one that does not lie within `end`.
 * @param run is moved on @param time likewise @param limit time must stay below, cycles
 */
export function takeSampleRun(
  buffer: EventBuffer,
  time: SplitTime,
  limit: number,
  view: DataView,
  end: number,
  run: MessageRun,
): void {
  // Near either end of the range, times run over it.
  if (time.high < stampRange || time.high >= limit - stampRange * (end - run.at)) return;
  const origin = buffer.originFor(2 * time.high);
  const block = buffer.open();
  if (block === undefined) return;
  const first = 2 * time.high - origin;
  if (first < stampUnits || first >= latest) return;
  const { time: times, payload, length, last: lastBefore } = block;
  const most = payload.length - 3;
  let { at, count } = run;
  let { low } = time;
  // As whole numbers of the machine, not as doubles: every sample is computed from these.
  let base = first | 0;
  let n = length;
  let last = lastBefore | 0;
  let bits = 0;
  let isSorted = true;
  while (at + packBytes <= end && base < latest) {
    const high = view.getUint32(at);
    const opcode = high >>> 24;
    if (opcode === packOpcode) {
      if (n > most) break;
      if (++low === stampRange) {
        low = 0;
        base += stampUnits;
      }
      const next = view.getUint32(at + 4);
      const third = view.getUint16(at + 8);
      // A stamp that would lie ahead of now is of the range before.
      const s0 = (high >>> 16) & 0xff;
      const s1 = next >>> 24;
      const s2 = next & 0xff;
      const ahead = 2 * low + 1;
      const t0 = base + (s0 > ahead ? s0 - stampUnits : s0);
      const v1 = (next >>> 8) & 0xffff;
      const t1 = base + (s1 > ahead ? s1 - stampUnits : s1);
      const t2 = base + (s2 > ahead ? s2 - stampUnits : s2);
      times[n] = t0;
      times[n + 1] = t1;
      times[n + 2] = t2;
      payload[n] = high;
      payload[n + 1] = v1;
      payload[n + 2] = third;
      bits |= high | v1 | third;
      if (t0 < last || t1 < t0 || t2 < t1) isSorted = false;
      last = t2;
      n += 3;
      at += packBytes;
      count++;
    } else if (opcode === deltaOpcode) {
      low += 1 + (view.getUint8(at + 7) & 0xff);
      base += stampUnits * (low >>> 7);
      low &= stampRange - 1;
      at += deltaBytes;
      count++;
    } else if (opcode >= comma) at = (at + 8) & ~7;
    else break;
  }
  buffer.filled(n, last, bits & 0xffff, isSorted);
  time.high = (base + origin) / 2;
  time.low = low;
  run.at = at;
  run.count = count;
}
