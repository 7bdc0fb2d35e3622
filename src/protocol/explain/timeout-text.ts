/** Says what a timeout notification means. */

/** @param what the stuck instruction as text; undefined when the capture does not hold it */
export function timeoutText(
  instruction: number,
  what: string | undefined,
  { stallCount, readsInFlight }: { readonly stallCount: number; readonly readsInFlight: number },
): string {
  const named = what === undefined ? "not in this capture" : what;
  const reads = readsInFlight === 0 ? "no reads were in flight" : `${readsInFlight} reads were in flight`;
  return `instruction ${instruction} (${named}) took longer than the instruction timeout; ${reads}, trace stalls ${stallCount}`;
}
