/**
 * THE device interface: the only door between calibration and a chip. What stands behind it (silicon or software, next
 * door or far away) cannot be told from here. Coordinates and containers are re-exported so that `calib` needs no other
 * import. Pure types and tables; no behaviour, no I/O.
 */
import type { MadcSamples } from "./madc.js";
import type { PlaybackProgram, PlaybackProgramBuilder } from "./playback.js";

export { CadcChannelConfig, CadcConfig, CadcSampleQuad } from "../../protocol/containers/cadc.js";
export { CapMemBlockConfig, CapMemCell } from "../../protocol/containers/capmem.js";
export { ColumnCorrelationQuad, ColumnCurrentQuad } from "../../protocol/containers/column-switches.js";
export type { ContainerType, FieldValue } from "../../protocol/containers/container.js";
export { CrossbarNode, CrossbarOutputConfig } from "../../protocol/containers/crossbar.js";
export {
  EventRecordingConfig,
  FpgaDeviceDna,
  InstructionTimeoutConfig,
  SystimeSyncBase,
  Timer,
} from "../../protocol/containers/executor.js";
export { MadcConfig, MadcControl } from "../../protocol/containers/madc.js";
export { NeuronConfig, neuronReadoutSources } from "../../protocol/containers/neuron.js";
export {
  CommonNeuronBackendConfig,
  NeuronBackendConfig,
  NeuronReset,
  SpikeCounterRead,
  SpikeCounterReset,
} from "../../protocol/containers/neuron-backend.js";
export {
  CurrentDac,
  PadMultiplexerConfig,
  ReadoutSourceSelection,
  ReferenceGeneratorConfig,
} from "../../protocol/containers/readout.js";
export * from "../../protocol/coordinates/capmem.js";
export type { Coordinate, CoordinateType } from "../../protocol/coordinates/coordinate.js";
export { CrossbarInputOnDls, CrossbarOutputOnDls, crossbarNode } from "../../protocol/coordinates/crossbar.js";
export { CapMemBlockOnDls, HemisphereOnDls, NeuronBackendBlockOnDls } from "../../protocol/coordinates/hemisphere.js";
export * from "../../protocol/coordinates/neuron.js";
export { type SharedCapMemCell, sharedCapMemCells } from "../../protocol/coordinates/shared-capmem-cells.js";
export {
  CadcChannelOnDls,
  CadcSampleQuadOnDls,
  ColumnQuadOnDls,
  synapseColumn,
} from "../../protocol/coordinates/synapse.js";
export { theChip, theFpga } from "../../protocol/coordinates/unique.js";
export type { BarrierName } from "../../protocol/messages/streams.js";
export { type CadcRow, cadcCells, connectCadc, readCadcRow } from "./cadc.js";
export { type MadcSamples, madcChipTimes } from "./madc.js";
export type { PlaybackProgram, PlaybackProgramBuilder, Ticket } from "./playback.js";

/** FPGA cycles per microsecond (125 MHz). */
export const fpgaCyclesPerUs = 125;

/** What is known about the board and chip on the other end, for provenance. Never a reason to behave differently. */
export interface DeviceIdentity {
  /** URL that the device was opened with. */
  readonly url: string;
  /** Unique identifier of the board, hexadecimal, as read from it. */
  readonly boardId: string;
  /** Info text of the bitfile, as sent in the reset answer. */
  readonly bitfileInfo: string;
}

/** Spikes of one run, in order of chip time. */
export interface SpikeEvents {
  /** Chip time, units of 4 ns. */
  readonly chipTime: Float64Array;
  /** 16-bit label. */
  readonly label: Uint16Array;
}

/** Where the time of one run went, ms of wall time. */
export interface TimeInfo {
  readonly encodeMs: number;
  readonly executeMs: number;
  readonly decodeMs: number;
}

export interface RunResult {
  readonly madc: MadcSamples;
  readonly spikes: SpikeEvents;
  /** FPGA time at the halt, cycles. */
  readonly endFpgaTime: number;
  readonly timeInfo: TimeInfo;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Give up when the halt has not come after this long. Default 60,000 ms; 0 = never. */
  readonly timeoutMs?: number;
  /**
   * Samples of an earlier run that nobody needs any more: new ones may be put into their memory. Programs of a kind, one
   * after the other, then take no new memory, which costs more than the decoding.
   */
  readonly spent?: MadcSamples;
}

export interface ReinitOptions {
  readonly signal?: AbortSignal;
  /**
   * Chip time from which the synchronisation starts, FPGA cycles, 0..2^43-1; default 0. Experiments that get stretches
   * of time of their own do not overlap on the chip's clock, whichever of them ran before, or ran at all.
   */
  readonly systimeBase?: number;
}

/** Exclusive use of a device. Programs run one after the other in the order of the calls. */
export interface Session {
  readonly identity: DeviceIdentity;
  /** A new, empty program. */
  program(): PlaybackProgramBuilder;
  /**
   * Bring board and chip up from cold again, as the opening of the session did: reset line, default initialisation,
   * CapMem refresh. Queued like a program; what was configured before is gone.
   * @throws FieldOutOfRange, and what `run` throws
   */
  reinit(options?: ReinitOptions): Promise<void>;
  /**
   * Run a program. Several calls may be outstanding: they are queued, and the link is kept busy.
   * @throws LinkTimeout, LinkReset, LinkClosed, Disconnected, NotificationReceived (instruction timeout), signal.reason
   */
  run(program: PlaybackProgram, options?: RunOptions): Promise<RunResult>;
  /** Chains of programs, each begun by a `reinit`, that can be under way at once. Default 1. */
  readonly lanes?: number;
  /** What a reader of the results must know, for example that a board failed and others took over. */
  readonly notices?: readonly string[];
  /** True when the chain whose program failed so may be run again, from its `reinit` on: another board is there for it. */
  mayRetry?(error: unknown): boolean;
  /** Idempotent; rejects every waiter with LinkClosed. */
  close(): Promise<void>;
}

export interface OpenSessionOptions {
  readonly signal?: AbortSignal;
  /**
   * Programs rely on one another only from one `reinit` to the next. A device that others use too may then serve them
   * before each. Default false.
   */
  readonly chains?: boolean;
}

export interface Device {
  readonly identity: DeviceIdentity;
  /** Take the device for exclusive use. @throws DeviceBusy while another session is open */
  openSession(options?: OpenSessionOptions): Promise<Session>;
  close(): Promise<void>;
}
