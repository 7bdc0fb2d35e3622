/** Round numbers for axes where the plot library's own choice does not do: few ticks in little room, another unit. */

/** Multiples of 1, 2 or 5 times a power of ten within [low, high], at most `most` steps apart; low < high. */
export function roundTicks(low: number, high: number, most: number, smallestStep = 0): number[] {
  const rough = Math.max((high - low) / most, smallestStep);
  const power = 10 ** Math.floor(Math.log10(rough) + 1e-9);
  const step = ([1, 2, 5].find((digit) => digit * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  // Twelve digits take out what binary fractions add to a product.
  return Array.from({ length: Math.max(0, count) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** The largest 1, 2 or 5 times a power of ten that is not above `limit`; limit > 0. */
export function roundBelow(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(limit) + 1e-9);
  return ([5, 2, 1].find((digit) => digit * power <= limit * (1 + 1e-9)) ?? 1) * power;
}
