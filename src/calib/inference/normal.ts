/**
 * Standard normal distribution function and its inverse in double precision. Sources: M. J. Wichura, "Algorithm AS 241",
 * Applied Statistics 37 (1988), the 16-digit variant; J. F. Hart et al., "Computer Approximations" (1968), no. 5666, with
 * a continued fraction in the far tail. Coefficients run from the constant term upwards.
 */

const A241 = {
  centre: [
    [
      3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
      67265.7709270087, 33430.57558358813, 2509.0809287301227,
    ],
    [
      1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
      28729.085735721943, 5226.495278852854,
    ],
  ],
  middle: [
    [
      1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
      0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
    ],
    [
      1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
      0.0005475938084995345, 1.0507500716444169e-9,
    ],
  ],
  tail: [
    [
      6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
      0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
    ],
    [
      1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
      1.421511758316446e-7, 2.0442631033899397e-15,
    ],
  ],
} as const;

const HART_NUMERATOR = [
  220.206867912376, 221.213596169931, 112.079291497871, 33.912866078383, 6.37396220353165, 0.700383064443688,
  0.0352624965998911,
];
const HART_DENOMINATOR = [
  440.413735824752, 793.826512519948, 637.333633378831, 296.564248779674, 86.7807322029461, 16.064177579207,
  1.75566716318264, 0.0883883476483184,
];

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + (coefficients[i] as number);
  return sum;
}

/** z with Phi(z) = p. Relative error below 1e-15. @param p open interval (0, 1) */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(A241.centre[0], r)) / polynomial(A241.centre[1], r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const [numerator, denominator] = r <= 5 ? A241.middle : A241.tail;
  const t = r - (r <= 5 ? 1.6 : 5);
  const z = polynomial(numerator, t) / polynomial(denominator, t);
  return q < 0 ? -z : z;
}

/** Phi(z), the probability below z. Absolute error below 1e-14. */
export function normalCdf(z: number): number {
  const x = Math.abs(z);
  const upper = x > 37 ? 0 : Math.exp((-x * x) / 2) * tailRatio(x);
  return z > 0 ? 1 - upper : upper;
}

/** (1 - Phi(x)) exp(x^2 / 2) for x >= 0. */
function tailRatio(x: number): number {
  if (x < 7.07106781186547) return polynomial(HART_NUMERATOR, x) / polynomial(HART_DENOMINATOR, x);
  const fraction = x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))));
  return 1 / (fraction * 2.506628274631);
}

/** log of the standard normal density. */
export function normalLogPdf(z: number): number {
  return -0.5 * z * z - 0.9189385332046727;
}
