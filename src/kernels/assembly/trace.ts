// What firmware-sim/event-queue.ts and trace-encoder.ts do with samples on their way into the trace, many at a time.

/**
 * Append events to a queue.
 * @param cycle i32, and @param bits u32, of the queue from its end on: room for a multiple of four
 * @param time i32, units of 4 ns, and @param value u16, of the events: room for a multiple of four
 * @param offset added to the times; the sums are 0..2^30
 */
export function queueEvents(cycle: usize, bits: usize, time: usize, value: usize, n: i32, offset: i32): void {
  for (let i = 0; i < n; i += 4, cycle += 16, bits += 16, time += 16, value += 8) {
    const units = i32x4.add(v128.load(time), i32x4.splat(offset));
    const stamp = i32x4.shl(v128.and(units, i32x4.splat(0xff)), 16);
    v128.store(cycle, i32x4.shr_s(units, 1));
    v128.store(bits, v128.or(stamp, v128.load16x4_u(value)));
  }
}

/**
 * Full packs of samples, and the jumps of time between them, until one of the conditions of `#sendSamples` ends the row.
 * @param out bytes, room for 18 per three samples and 6 more @param cycle i32, and @param bits u32, of `n` samples: one more
 * may be read
 * @param state i32: time that the receiver's clock shows, changed; then the number of samples packed @returns bytes written
 */
export function packSamples(
  out: usize,
  cycle: usize,
  bits: usize,
  n: i32,
  state: usize,
  newest: i32,
  farthest: i32,
  widest: i32,
  oldest: i32,
  jump: i32,
  longestGap: i32,
  packOpcode: i32,
  deltaOpcode: i32,
): i32 {
  const start = out;
  const opcode = i32x4.splat(packOpcode);
  let time = load<i32>(state);
  let at = 0;
  for (; at + 3 <= n; at += 3, cycle += 12, bits += 12) {
    const first = load<i32>(cycle);
    const last = load<i32>(cycle, 8);
    if (last > newest || last - first > widest) break;
    if (time + 1 >= last) {
      if (time + 1 > first + oldest) break;
      time++;
    } else {
      const target = max(last, min(first + jump, farthest));
      const gap = target - 1 - time;
      if (gap > longestGap) break;
      if (gap > 0) {
        // A message of 64 bits: the opcode first, its number last.
        store<i64>(out, <i64>deltaOpcode | (<i64>((gap - 1) & 0xff) << 56));
        out += 8;
      }
      time = target;
    }
    // The opcode, then three times 24 bits, the high byte first.
    const three = v128.load(bits);
    v128.store(out, v128.shuffle<u8>(three, opcode, 16, 2, 1, 0, 6, 5, 4, 10, 9, 8, 3, 3, 3, 3, 3, 3));
    out += 10;
  }
  store<i32>(state, time);
  store<i32>(state, at, 4);
  return <i32>(out - start);
}
