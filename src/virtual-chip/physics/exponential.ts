/**
 * e^x for the exponential circuit, made of operations that every engine rounds alike, so that this body and the kernel
 * give the same bytes. x = k ln 2 + r with |r| <= (ln 2)/2; a Taylor polynomial of degree 8 in r, evaluated in Estrin's
 * order because its latency bounds a single circuit. Relative error below 3e-10 for -40 <= x <= 40; x is clamped there.
 */

/** Adding it rounds to a whole number in the low bits of the mantissa. */
const rounding = 6_755_399_441_055_744; // 1.5 * 2^52
const log2e = Math.LOG2E;
const ln2High = 0.693145751953125; // 20 bits: k * ln2High is exact
const ln2Low = 1.4286068203094173e-6;
const largestArgument = 40;
const largestPower = 64;
const powersOfTwo = Float64Array.from({ length: 2 * largestPower + 1 }, (_, i) => 2 ** (i - largestPower));

export function exponential(x: number): number {
  let y = Math.max(x, -largestArgument);
  y = Math.min(largestArgument, y);
  const k = y * log2e + rounding - rounding;
  const r = y - k * ln2High - k * ln2Low;
  const r2 = r * r;
  const r4 = r2 * r2;
  const low = 1 + r + r2 * (1 / 2 + r * (1 / 6));
  const high = 1 / 24 + r * (1 / 120) + r2 * (1 / 720 + r * (1 / 5040)) + r4 * (1 / 40320);
  return (low + r4 * high) * (powersOfTwo[k + largestPower] as number);
}
