/** The mixture of normals of one row in float64: the meaning of the kernel, and its oracle. Layout: assembly/mixture.ts. */

/** @param raw components x (1 + 2 d + d (d - 1) / 2) @param z shape (d) @returns log of the mixture's density */
export function referenceMixture(raw: ArrayLike<number>, d: number, components: number, z: ArrayLike<number>): number {
  const block = 1 + 2 * d + (d * (d - 1)) / 2;
  const at = (i: number): number => raw[i] as number;
  let [joint, weights] = [0, 0];
  for (let k = 0; k < components; k++) {
    const own = k * block;
    let log = -0.5 * d * Math.log(2 * Math.PI);
    let below = own + 1 + 2 * d;
    for (let i = 0; i < d; i++) {
      const l = at(own + 1 + d + i);
      let w = Math.exp(l) * ((z[i] as number) - at(own + 1 + i));
      for (let j = 0; j < i; j++) w += at(below++) * ((z[j] as number) - at(own + 1 + j));
      log += l - 0.5 * w * w;
    }
    joint += Math.exp(at(own) + log);
    weights += Math.exp(at(own));
  }
  return Math.log(joint / weights);
}
