/**
 * The schemes by name. `npe`: every simulation from the prior, valid for any observation. `tsnpe`: later rounds from the
 * prior truncated to where the posterior before has its mass. `snpe-c`: later rounds from the posterior before.
 */
export const schemes = ["npe", "tsnpe", "snpe-c"] as const;
export type Scheme = (typeof schemes)[number];
