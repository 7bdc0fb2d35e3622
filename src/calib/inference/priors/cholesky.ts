/** The Cholesky factor of a small positive definite matrix, and what is done with it. Matrices row-major, (n, n). */

/** Lower factor L with A = L L'; undefined when A is not positive definite. */
export function cholesky(a: ArrayLike<number>, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      if (i === j) {
        if (!(sum > 0)) return undefined;
        lower[i * n + i] = Math.sqrt(sum);
      } else lower[i * n + j] = sum / (lower[j * n + j] as number);
    }
  }
  return lower;
}

/** Solve L y = b in place of `out`, for one right-hand side. */
export function solveLower(lower: Float64Array, n: number, b: ArrayLike<number>, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * n + k] as number) * (out[k] as number);
    out[i] = sum / (lower[i * n + i] as number);
  }
}

/** L y for one vector. */
export function timesLower(lower: Float64Array, n: number, y: ArrayLike<number>, out: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += (lower[i * n + k] as number) * (y[k] as number);
    out[i] = sum;
  }
}

/** log |L|. */
export function logDetLower(lower: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(lower[i * n + i] as number);
  return sum;
}
