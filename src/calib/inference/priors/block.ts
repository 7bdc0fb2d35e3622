/** What a prior is made of: parameters with their support, and blocks of parameters that depend on each other. */

/** What is known of one parameter: its name and support; both ends included, may be infinite. */
export interface ParameterSupport {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Integers only. */
  readonly discrete: boolean;
}

/** Some parameters that depend on each other, or one alone. `at` is the place of its first value. */
export interface PriorBlock {
  readonly parameters: readonly ParameterSupport[];
  toBase(theta: ArrayLike<number>, at: number, offset: () => number, z: Float64Array): void;
  fromBase(z: ArrayLike<number>, at: number, theta: Float64Array): void;
  logProb(theta: ArrayLike<number>, at: number): number;
  /** Plain data, told apart by `kind`. */
  toJSON(): { readonly kind: string };
}
