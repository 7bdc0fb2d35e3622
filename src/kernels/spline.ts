/**
 * The rational-quadratic spline of one dimension in float64: the meaning of the kernel, and its oracle. Parameters are
 * `bins` raw widths, `bins` raw heights, `bins - 1` raw inner slopes; all zero is the identity; outside
 * [-bound, bound] it is the identity too. Source: Durkan et al. 2019, "Neural Spline Flows", section 3.1.
 */

const minShare = 1e-3;
const minSlope = 1e-3;
const slopeShift = Math.log(Math.exp(1 - minSlope) - 1);

interface Knots {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly slope: Float64Array;
}

function knots(raw: ArrayLike<number>, bins: number, bound: number): Knots {
  const edges = (offset: number): Float64Array => {
    const e = Float64Array.from({ length: bins }, (_, k) => Math.exp(raw[offset + k] as number));
    const sum = e.reduce((a, b) => a + b, 0);
    const at = new Float64Array(bins + 1);
    at[0] = -bound;
    for (let k = 0; k < bins; k++) {
      const share = minShare + (1 - minShare * bins) * ((e[k] as number) / sum);
      at[k + 1] = (at[k] as number) + 2 * bound * share;
    }
    return at;
  };
  const slope = new Float64Array(bins + 1).fill(1);
  for (let k = 1; k < bins; k++) {
    slope[k] = minSlope + Math.log1p(Math.exp((raw[2 * bins + k - 1] as number) + slopeShift));
  }
  return { x: edges(0), y: edges(bins), slope };
}

/** @returns y = spline(x) and ln dy/dx */
export function referenceSpline(
  raw: ArrayLike<number>,
  bins: number,
  bound: number,
  x: number,
): { readonly y: number; readonly logDet: number } {
  if (x <= -bound || x >= bound) return { y: x, logDet: 0 };
  const at = knots(raw, bins, bound);
  let k = 0;
  while (k < bins - 1 && x >= (at.x[k + 1] as number)) k++;
  const w = (at.x[k + 1] as number) - (at.x[k] as number);
  const h = (at.y[k + 1] as number) - (at.y[k] as number);
  const [a, b] = [at.slope[k] as number, at.slope[k + 1] as number];
  const t = (x - (at.x[k] as number)) / w;
  const s = h / w;
  const den = s + (a + b - 2 * s) * t * (1 - t);
  const y = (at.y[k] as number) + (h * (s * t * t + a * t * (1 - t))) / den;
  const slope = (s * s * (b * t * t + 2 * s * t * (1 - t) + a * (1 - t) * (1 - t))) / (den * den);
  return { y, logDet: Math.log(slope) };
}
