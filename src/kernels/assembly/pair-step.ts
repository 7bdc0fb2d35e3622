// One step of a pair of circuits in a vector of float64, operation for operation as the reference body has it
// (src/virtual-chip/physics/adex.ts), so that both give the same bytes. No fused multiply-add, in either variant of the
// module. Nearly all steps are ordinary: no spike, no rail, no crossing of the onset, and no exponential, as the current
// goes with the potential by its series. They have a short way of their own.
import { currentLimit, rail } from "./adex-layout";
import {
  atCorrection,
  atExpFrom,
  atFV,
  atFW,
  atHalf,
  atHasInput,
  atInV,
  atInW,
  atLargestMove,
  atLimit,
  atNowBase,
  atNowExponential,
  atNowRate,
  atNowSeriesUntil,
  atNowThreshold,
  atNowV,
  atNowW,
  atPerSlope,
  atQV,
  atQW,
  atSixth,
  atVV,
  atVW,
  atWV,
  atWW,
  d,
  feed,
} from "./pair-work";
import { powersOfTwo } from "./power-of-two";

/** Numbers that vectors are made of: one load each. */
const numbers = memory.data<f64>([currentLimit, rail], 16);

/** Both lanes within 0..rail. */
// @ts-ignore: decorator
@inline
function clamped(x: v128): v128 {
  return f64x2.pmin(v128.load64_splat(numbers, 8), f64x2.pmax(d(0), x));
}

// @ts-ignore: decorator
@inline
function limited(current: v128): v128 {
  return f64x2.pmin(v128.load64_splat(numbers), current);
}

/** Change of the current `i0` by its series in a movement. */
// @ts-ignore: decorator
@inline
function series(p: usize, i0: v128, move: v128): v128 {
  const linear = f64x2.mul(f64x2.mul(i0, v128.load(p + atPerSlope)), move);
  const higher = f64x2.add(v128.load(p + atHalf), f64x2.mul(v128.load(p + atSixth), move));
  return f64x2.add(linear, f64x2.mul(f64x2.mul(linear, move), higher));
}

/** The current at the end of a step, from that at the predicted potential and what the correction adds. */
// @ts-ignore: decorator
@inline
function corrected(predicted: v128, further: v128): v128 {
  return f64x2.add(predicted, f64x2.mul(predicted, further));
}

/** A row of the linear part, and what is added to it. */
// @ts-ignore: decorator
@inline
function linearPart(p: usize, v: v128, w: v128, byV: usize, byW: usize, added: usize): v128 {
  return f64x2.add(
    f64x2.mul(v128.load(p + byV), v),
    f64x2.add(f64x2.mul(v128.load(p + byW), w), v128.load(p + added)),
  );
}

/** An ordinary step of a pair. @returns false, and changes nothing, where it is not one */
// @ts-ignore: decorator
@inline
function glide(p: usize): bool {
  const v = v128.load(p + atNowV);
  const w = v128.load(p + atNowW);
  const fv = v128.load(p + atFV);
  const expFrom = v128.load(p + atExpFrom);
  const nv = linearPart(p, v, w, atVV, atVW, atInV);
  const nw = linearPart(p, v, w, atWV, atWW, atInW);
  const isBelow = f64x2.ge(expFrom, v);
  const i0 = v128.andnot(v128.load(p + atNowExponential), isBelow);
  const v1 = f64x2.add(nv, f64x2.mul(fv, i0));
  const move = f64x2.sub(v1, v);
  const square = f64x2.mul(move, move);
  const change = series(p, i0, move);
  const endV = f64x2.add(v1, f64x2.mul(v128.load(p + atQV), change));
  const isSmall = v128.or(f64x2.lt(square, v128.load(p + atLargestMove)), isBelow);
  const isSteady = v128.and(isSmall, v128.xor(f64x2.lt(expFrom, v1), isBelow));
  const isWithin = v128.and(f64x2.lt(endV, v128.load(p + atLimit)), f64x2.gt(endV, d(0)));
  if (i64x2.bitmask(v128.and(isSteady, isWithin)) != 3) return false;
  const endW = f64x2.add(
    f64x2.add(nw, f64x2.mul(v128.load(p + atFW), i0)),
    f64x2.mul(v128.load(p + atQW), change),
  );
  const current = corrected(f64x2.add(i0, change), f64x2.mul(v128.load(p + atCorrection), change));
  v128.store(p + atNowV, endV);
  v128.store(p + atNowW, clamped(endW));
  v128.store(p + atNowExponential, v128.or(current, isBelow));
  return true;
}

/** Any step of a pair. @returns whether one of the two reached its threshold */
function advance(p: usize): bool {
  const v = v128.load(p + atNowV);
  const w = v128.load(p + atNowW);
  const fv = v128.load(p + atFV);
  const expFrom = v128.load(p + atExpFrom);
  const nv = linearPart(p, v, w, atVV, atVW, atInV);
  const nw = linearPart(p, v, w, atWV, atWW, atInW);
  const base = v128.load(p + atNowBase);
  const rate = v128.load(p + atNowRate);
  const seriesUntil = v128.load(p + atNowSeriesUntil);
  const isAbove = f64x2.lt(expFrom, v);
  const known = v128.load(p + atNowExponential);
  const isUnknown = f64x2.ne(known, known);
  let i0 = v128.and(known, isAbove);
  if (v128.any_true(v128.and(isUnknown, isAbove))) {
    const computed = limited(powersOfTwo(f64x2.add(f64x2.mul(rate, v), base)));
    i0 = v128.and(v128.bitselect(computed, known, isUnknown), isAbove);
  }
  const v1 = f64x2.add(nv, f64x2.mul(fv, i0));
  const stays = f64x2.lt(expFrom, v1);
  const move = f64x2.sub(v1, v);
  const square = f64x2.mul(move, move);
  const isSmall = v128.and(
    v128.and(isAbove, stays),
    v128.and(f64x2.lt(square, v128.load(p + atLargestMove)), f64x2.lt(v, seriesUntil)),
  );
  let i1 = d(0);
  if (v128.any_true(v128.andnot(stays, isSmall)))
    i1 = v128.and(limited(powersOfTwo(f64x2.add(f64x2.mul(rate, v1), base))), stays);
  const change = v128.bitselect(series(p, i0, move), f64x2.sub(i1, i0), isSmall);
  const endV = f64x2.add(v1, f64x2.mul(v128.load(p + atQV), change));
  const endW = f64x2.add(
    f64x2.add(nw, f64x2.mul(v128.load(p + atFW), i0)),
    f64x2.mul(v128.load(p + atQW), change),
  );
  const nextV = clamped(endV);
  const current = corrected(f64x2.add(i0, change), f64x2.mul(v128.load(p + atCorrection), change));
  const isKnown = v128.and(isSmall, v128.and(f64x2.eq(endV, nextV), f64x2.lt(nextV, seriesUntil)));
  v128.store(p + atNowExponential, v128.bitselect(current, d(NaN), isKnown));
  v128.store(p + atNowV, nextV);
  v128.store(p + atNowW, clamped(endW));
  return v128.any_true(f64x2.ge(nextV, v128.load(p + atNowThreshold)));
}

/** One step of a pair. @returns 1 where one of the two reached its threshold */
// @ts-ignore: decorator
@inline
export function step(p: usize): i32 {
  if (load<i32>(p + atHasInput)) feed(p);
  return glide(p) ? 0 : <i32>advance(p);
}

