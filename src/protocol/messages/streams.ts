/**
 * The two instruction streams as interfaces: what an encoder offers and what a decoder calls. A stream is a sequence of
 * big-endian 64-bit words held as bytes (8 per word), ready for a HostARQ payload. Sinks are called once per message,
 * with numbers, so that the hot path makes no object per word.
 */

/** Bits of the barrier mask. */
export const barrierBits = {
  omnibus: 1,
  jtag: 2,
  systime: 4,
  multiFpga: 8,
  systimeCorrection: 16,
} as const;
export type BarrierName = keyof typeof barrierBits;

/** Receives to-FPGA instructions in order; implemented by the encoder (driver) and by the executor (board). */
export interface ToFpgaSink {
  jtagInit(): void;
  /** @param value clock divider, 8 bit */
  jtagScaler(value: number): void;
  /** @param value instruction register, 7 bit */
  jtagIns(value: number): void;
  /** @param dataHigh bit 32 of the data, 0 or 1 @param dataLow bits 31..0 @param bits number of bits to shift, 3..33 */
  jtagData(dataHigh: number, dataLow: number, bits: number, keepResponse: boolean): void;
  timingSetup(): void;
  /** @param cycles stall until the timer has at least this value, FPGA cycles of 8 ns, 32 bit */
  waitUntil(cycles: number): void;
  systimeInit(on: boolean): void;
  /** @param mask of `barrierBits`, 5 bit */
  barrier(mask: number): void;
  /** @param equal stall until ((read(addr) & mask) == target) is this */
  pollingOmnibusBlock(equal: boolean): void;
  systemReset(on: boolean): void;
  /** @param tick true: tick, false: halt */
  loopback(tick: boolean): void;
  /** @param byteEnables 4 bit */
  omnibusAddress(address: number, read: boolean, byteEnables: number): void;
  omnibusData(data: number): void;
  spikePack1(label0: number): void;
  spikePack2(label0: number, label1: number): void;
  spikePack3(label0: number, label1: number, label2: number): void;
}

/** Place in a stream, and messages so far; whoever decodes moves both on. */
export interface MessageRun {
  at: number;
  count: number;
}

/**
 * Receives from-FPGA messages in order. MADC samples and spikes come as their 24 bits each
 * (23..16 time stamp in 4 ns, 15..0 label or value field), first of the pack first.
 */
export interface FromFpgaSink {
  /** So many bytes are decoded next: room for what they hold can be made at once. */
  expect?(bytes: number): void;
  /**
   * A pack of three samples stands at `run.at`: a sink that decodes such packs faster than one by one may take any number
   * of messages that lie within `end`, and move the run on. Word boundaries are at multiples of 8.
   */
  madcRun?(view: DataView, end: number, run: MessageRun): void;
  jtagData(high: number, low: number): void;
  omnibusData(data: number): void;
  loopback(tick: boolean): void;
  highspeedLinkNotification(bits: number): void;
  /** @param instruction index of the stuck instruction */
  timeoutNotification(instruction: number, stallCount: number, readsInFlight: number): void;
  /** @param fpgaCycles absolute time, 43 bit, as a double */
  systime(fpgaCycles: number): void;
  sysdelta(increment: number): void;
  madcPack1(sample0: number): void;
  madcPack2(sample0: number, sample1: number): void;
  madcPack3(sample0: number, sample1: number, sample2: number): void;
  spikePack1(spike0: number): void;
  spikePack2(spike0: number, spike1: number): void;
  spikePack3(spike0: number, spike1: number, spike2: number): void;
}

/** Packs messages into words. Created by `createToFpgaEncoder()` / `createFromFpgaEncoder()`. */
export interface StreamEncoder {
  /** Bytes of complete words so far, without a flush. */
  readonly byteLength: number;
  /** Complete the last word (comma rule), return all bytes written since the last take, and start anew. Caller owns. */
  take(): Uint8Array;
  /** Like `take`, but leaves a partly filled last word in the encoder. */
  takeComplete(): Uint8Array;
}

export interface StreamDecoder {
  /**
   * Decode words. State (a message cut at the end) is kept across calls. @param bytes length a multiple of 8
   * @throws UnknownHeader opcode outside the dictionary, ReservedValue, FrameTruncated length not a multiple of 8
   */
  push(bytes: Uint8Array): void;
  /** Number of messages decoded so far. */
  readonly messageCount: number;
}
