// The readout path as src/virtual-chip/blocks/readout-line.ts and madc-path.ts have it, operation for operation in
// float64: what drives a line, the line's low-pass, and samples of it as numbers.

// @ts-ignore: decorator
@inline
function d(x: f64): v128 {
  return f64x2.splat(x);
}

/**
 * Add share * (gain * max(0, origin + sign * value) + shift) to each of `n` values of a line.
 * @param line @param values f64, room for an even number of them
 */
export function addDriver(
  line: usize,
  values: usize,
  n: i32,
  origin: f64,
  sign: f64,
  gain: f64,
  shift: f64,
  share: f64,
): void {
  const end = line + (<usize>n << 3);
  for (; line < end; line += 16, values += 16) {
    const volts = f64x2.pmax(d(0), f64x2.add(d(origin), f64x2.mul(d(sign), v128.load(values))));
    const shown = f64x2.mul(d(share), f64x2.add(f64x2.mul(d(gain), volts), d(shift)));
    v128.store(line, f64x2.add(v128.load(line), shown));
  }
}

/** First-order low-pass of `n` values. @param y where it begins; stands ahead of `out` afterwards @returns where it ends */
export function lowPass(out: usize, input: usize, n: i32, share: f64, y: f64): f64 {
  store<f64>(out - 8, y);
  const end = out + (<usize>n << 3);
  for (; out < end; out += 8, input += 8) {
    y += share * (load<f64>(input) - y);
    store<f64>(out, y);
  }
  return y;
}

/**
 * Two samples as whole numbers, in the two low lanes; rounds half up, as JavaScript does.
 * @param at positions on the line, steps
 */
// @ts-ignore: decorator
@inline
function twoSamples(line: usize, at: v128, gain: f64, offset: f64, noise: v128): v128 {
  const whole = f64x2.floor(at);
  const places = i32x4.trunc_sat_f64x2_s_zero(whole);
  const first = v128.load(line - 8 + (<usize>i32x4.extract_lane(places, 0) << 3));
  const second = v128.load(line - 8 + (<usize>i32x4.extract_lane(places, 1) << 3));
  const left = v128.shuffle<f64>(first, second, 0, 2);
  const right = v128.shuffle<f64>(first, second, 1, 3);
  const volts = f64x2.add(left, f64x2.mul(f64x2.sub(at, whole), f64x2.sub(right, left)));
  const lsb = f64x2.add(f64x2.add(f64x2.mul(volts, d(gain)), d(offset)), noise);
  const above = f64x2.ceil(lsb);
  const rounded = f64x2.sub(above, v128.and(d(1), f64x2.gt(f64x2.sub(above, d(0.5)), lsb)));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.pmax(d(0), f64x2.pmin(d(1023), rounded)));
}

/**
 * Sample a line `n` times.
 * @param out u16, room for an even number of them @param line its values at the ends of steps; the one at the start of the
 * first stands ahead of it; one more may be read behind the last position @param normals f64, room for an even number
 * @param position of the first sample, steps @param spacing steps
 */
export function sampleLine(
  out: usize,
  line: usize,
  normals: usize,
  n: i32,
  position: f64,
  spacing: f64,
  gain: f64,
  offset: f64,
  white: f64,
): void {
  const last = d(<f64>(n - 1));
  for (let k = 0; k < n; k += 2, out += 4, normals += 16) {
    // An odd number's last sample is computed twice.
    const index = f64x2.pmin(last, f64x2.add(d(<f64>k), f64x2(0, 1)));
    const at = f64x2.add(d(position), f64x2.mul(index, d(spacing)));
    const pair = twoSamples(line, at, gain, offset, f64x2.mul(d(white), v128.load(normals)));
    store<u16>(out, <u16>i32x4.extract_lane(pair, 0));
    store<u16>(out, <u16>i32x4.extract_lane(pair, 1), 2);
  }
}
