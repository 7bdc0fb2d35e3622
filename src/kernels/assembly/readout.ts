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

/**
 * First-order low-pass of `n` values: y = keep * y + share * x.
 * @param y where it begins; stands ahead of `out` afterwards @returns where it ends
 */
export function lowPass(out: usize, input: usize, n: i32, keep: f64, share: f64, y: f64): f64 {
  store<f64>(out - 8, y);
  const end = out + (<usize>n << 3);
  for (; out < end; out += 8, input += 8) {
    y = keep * y + share * load<f64>(input);
    store<f64>(out, y);
  }
  return y;
}

/** `addDriver` to an empty line with a share of 1, and `lowPass`, in one loop that waits for the low-pass alone. */
export function driverAlone(
  out: usize,
  values: usize,
  n: i32,
  origin: f64,
  sign: f64,
  gain: f64,
  shift: f64,
  keep: f64,
  share: f64,
  y: f64,
): f64 {
  store<f64>(out - 8, y);
  const end = out + (<usize>n << 3);
  for (; out < end; out += 8, values += 8) {
    const volts = origin + sign * load<f64>(values);
    y = keep * y + share * (gain * (volts > 0 ? volts : 0) + shift);
    store<f64>(out, y);
  }
  return y;
}

/** Positions on a line are whole numbers of these parts of a step: see src/virtual-chip/blocks/madc.ts. */
const partBits: i32 = 12;
const partMask: i32 = (1 << partBits) - 1;
const stepsPerPart: f64 = 1.0 / 4096.0;
/** Added to a whole number, it leaves that number in the low bits. */
const magic: f64 = 4503599627370496.0;

/** Two samples in the low bits of two lanes; rounds half up, as JavaScript does. @param parts positions in the low lanes */
// @ts-ignore: decorator
@inline
function twoSamples(line: usize, parts: v128, gain: f64, offset: f64, noise: v128): v128 {
  const first = v128.load(line - 8 + (<usize>(i32x4.extract_lane(parts, 0) >> partBits) << 3));
  const second = v128.load(line - 8 + (<usize>(i32x4.extract_lane(parts, 1) >> partBits) << 3));
  const left = v128.shuffle<f64>(first, second, 0, 2);
  const right = v128.shuffle<f64>(first, second, 1, 3);
  const between = f64x2.mul(d(stepsPerPart), f64x2.convert_low_i32x4_s(v128.and(parts, i32x4.splat(partMask))));
  const volts = f64x2.add(left, f64x2.mul(between, f64x2.sub(right, left)));
  const lsb = f64x2.add(f64x2.add(f64x2.mul(volts, d(gain)), d(offset)), noise);
  const above = f64x2.ceil(lsb);
  const rounded = f64x2.sub(above, v128.and(d(1), f64x2.gt(f64x2.sub(above, d(0.5)), lsb)));
  return f64x2.add(f64x2.pmax(d(0), f64x2.pmin(d(1023), rounded)), d(magic));
}

/** Times are counted in these parts of a unit inside of the kernel. */
const timeBits: i32 = 10;
const timeParts: f64 = 1024;

/**
 * Sample a line `n` times.
 * @param values u16, and @param times i32, of the samples, room for a multiple of four: each value is or-ed with `bits`,
 * times are floor(start + k * period), both whole numbers of 1/1024, the times below 2^31 and `n` times the period below 2^20
 * @param line its values at the ends of steps; the one at the start of the first stands ahead of it; one more may be read
 * behind the last position @param normals f64, room for a multiple of four
 * @param position of the first sample, steps, and @param spacing steps, both whole numbers of 1/4096
 */
export function sampleLine(
  values: usize,
  times: usize,
  line: usize,
  normals: usize,
  n: i32,
  position: f64,
  spacing: f64,
  gain: f64,
  offset: f64,
  white: f64,
  bits: i32,
  start: f64,
  period: f64,
): void {
  const apart = <i32>(spacing * 4096);
  let parts = i32x4.add(i32x4.splat(<i32>(position * 4096)), i32x4(0, apart, 0, 0));
  // Beyond an odd number, the last sample is computed again.
  const last = i32x4.splat(<i32>(position * 4096) + (n - 1) * apart);
  const whole = Math.floor(start);
  const unit = <i32>(period * timeParts);
  let time = i32x4.add(i32x4.splat(<i32>((start - whole) * timeParts)), i32x4(0, unit, 2 * unit, 3 * unit));
  for (let k = 0; k < n; k += 4, values += 8, times += 16, normals += 32) {
    const a = twoSamples(line, i32x4.min_s(parts, last), gain, offset, f64x2.mul(d(white), v128.load(normals)));
    parts = i32x4.add(parts, i32x4.splat(2 * apart));
    const b = twoSamples(line, i32x4.min_s(parts, last), gain, offset, f64x2.mul(d(white), v128.load(normals, 16)));
    parts = i32x4.add(parts, i32x4.splat(2 * apart));
    // The low 16 bits of four lanes of 64.
    const four = v128.shuffle<u8>(a, b, 0, 1, 8, 9, 16, 17, 24, 25, 0, 1, 8, 9, 16, 17, 24, 25);
    v128.store64_lane(values, v128.or(four, i16x8.splat(<i16>bits)), 0);
    v128.store(times, i32x4.add(i32x4.shr_s(time, timeBits), i32x4.splat(<i32>whole)));
    time = i32x4.add(time, i32x4.splat(4 * unit));
  }
}
