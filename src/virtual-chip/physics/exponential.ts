/**
 * 2^x for the exponential circuit, made of operations that every engine rounds alike, so that this body and the kernels
 * give the same bytes. x = k / 64 + f with |f| <= 1/128; 2^(k / 64) from a table of 64, 2^f by its series to the third
 * power. A circuit spends most of its time waiting for this value: the chain of operations is kept short, which is why
 * it is a power of two and takes a table. Relative error below 1e-10; x is clamped at 58 on either side.
 */

/** Adding it rounds to a multiple of 1/64, whose count then stands in the low bits of the mantissa. */
const rounding = 105_553_116_266_496; // 1.5 * 2^46
const fractions = 64;
const largestArgument = 58;
const largestPower = 64;
const [c1, c2, c3] = [Math.LN2, Math.LN2 ** 2 / 2, Math.LN2 ** 3 / 6];
/** 2^(j / 64): the kernels are given the same numbers. */
export const fractionalPowers = Float64Array.from({ length: fractions }, (_, j) => 2 ** (j / fractions));
/** The series' factors, for the same reason. */
export const seriesFactors = Float64Array.of(c1, c2, c3);
const powersOfTwo = Float64Array.from({ length: 2 * largestPower + 1 }, (_, i) => 2 ** (i - largestPower));

export function powerOfTwo(x: number): number {
  let y = Math.max(x, -largestArgument);
  y = Math.min(largestArgument, y);
  const near = y + rounding - rounding;
  const f = y - near;
  const series = 1 + c1 * f + f * f * (c2 + c3 * f);
  const count = fractions * near;
  const j = count & (fractions - 1);
  const whole = (count - j) / fractions;
  return series * ((fractionalPowers[j] as number) * (powersOfTwo[whole + largestPower] as number));
}
