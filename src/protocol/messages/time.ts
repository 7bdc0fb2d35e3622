/** FPGA time and chip time of messages from the board; rules: docs/protocol.md, "Time". */

/** Both have 43 bits, FPGA cycles of 8 ns. */
export const timeRange = 2 ** 43;
/** An event's stamp covers this many FPGA cycles. */
const stampRange = 128;

/**
 * Chip time of an event, units of 4 ns.
 * @param event 24 bits, stamp in 23..16 @param fpgaTime cycles, of the message that brought it
 */
export function chipTimeOf(event: number, fpgaTime: number): number {
  const low = fpgaTime % stampRange;
  const cycles = (event >>> 17) & (stampRange - 1);
  let time = fpgaTime - low + cycles;
  if (cycles > low) time -= stampRange;
  if (time < 0) time += timeRange;
  return 2 * time + ((event >>> 16) & 1);
}
