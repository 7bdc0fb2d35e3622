// 2^x as src/virtual-chip/physics/exponential.ts has it, which also gives the table and the factors: they are put into the
// module's memory before the first call, so that both bodies have the very same numbers.

const fractions = 64;
/** 2^(j / 64), then the three factors of the series. */
const table = memory.data((64 + 3) * 8, 16);
const factors: usize = 64 * 8;
const rounding: f64 = 105553116266496.0;
const largestArgument: f64 = 58;

/** Where the table and the factors are to be put: 67 f64. */
export function exponentialTable(): usize {
  return table;
}

// @ts-ignore: decorator
@inline
export function factor(k: usize): f64 {
  return load<f64>(table + factors + (k << 3));
}

/** 2^(count / 64). */
// @ts-ignore: decorator
@inline
function power(count: i64): f64 {
  const j = <usize>count & (fractions - 1);
  return reinterpret<f64>(load<i64>(table + (j << 3)) + ((count >> 6) << 52));
}

/** The number of 64ths that a sum with `rounding` holds. */
// @ts-ignore: decorator
@inline
function countOf(sum: i64): i64 {
  return <i64>(<i32>sum);
}

/** @param c1 @param c2 @param c3 the factors */
// @ts-ignore: decorator
@inline
export function powerOfTwo(x: f64, c1: f64, c2: f64, c3: f64): f64 {
  if (!(x > -largestArgument)) x = -largestArgument;
  if (!(x < largestArgument)) x = largestArgument;
  const sum = x + rounding;
  const f = x - (sum - rounding);
  const series = 1.0 + c1 * f + f * f * (c2 + c3 * f);
  return series * power(countOf(reinterpret<i64>(sum)));
}

/** Numbers that vectors are made of: one load each, where a constant takes the engine three instructions. */
const numbers = memory.data<f64>([1.0, rounding, largestArgument, -largestArgument], 16);

// @ts-ignore: decorator
@inline
export function powersOfTwo(x: v128): v128 {
  const round = v128.load64_splat(numbers, 8);
  const y = f64x2.pmin(v128.load64_splat(numbers, 16), f64x2.pmax(v128.load64_splat(numbers, 24), x));
  const sum = f64x2.add(y, round);
  const f = f64x2.sub(y, f64x2.sub(sum, round));
  const linear = f64x2.add(v128.load64_splat(numbers), f64x2.mul(v128.load64_splat(table + factors), f));
  const rest = f64x2.add(
    v128.load64_splat(table + factors, 8),
    f64x2.mul(v128.load64_splat(table + factors, 16), f),
  );
  const series = f64x2.add(linear, f64x2.mul(f64x2.mul(f, f), rest));
  const first = power(countOf(i64x2.extract_lane(sum, 0)));
  const second = power(countOf(i64x2.extract_lane(sum, 1)));
  return f64x2.mul(series, f64x2.replace_lane(f64x2.splat(first), 1, second));
}
