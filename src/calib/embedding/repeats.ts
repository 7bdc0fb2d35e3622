/** Settings that are recorded twice, and how the two are found again among recordings of which some are missing. */

/** Every row twice, one after the other. @param theta shape (n, width) @returns shape (2 n, width) */
export function twice(theta: ArrayLike<number>, width: number): Int32Array {
  return Int32Array.from({ length: 2 * theta.length }, (_, i) => {
    const row = Math.floor(i / width / 2);
    return theta[row * width + (i % width)] as number;
  });
}

/**
 * The other recording of each row's setting on the same neuron, or -1. @param theta shape (n, width)
 * @param members neuron of each row; default one for all
 */
export function repeatsIn(theta: Int32Array, width: number, members?: ArrayLike<number>): Int32Array {
  const found = new Map<string, number>();
  const count = theta.length / width;
  const other = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++) {
    const key = `${members?.[row] ?? 0}: ${theta.subarray(row * width, (row + 1) * width).join(",")}`;
    const before = found.get(key);
    if (before !== undefined) {
      other[row] = before;
      other[before] = row;
    }
    found.set(key, row);
  }
  return other;
}
