/**
 * All containers. What is listed here is documented in docs/registers.md and covered by the generic tests.
 */
import * as background from "./background.js";
import * as board from "./board.js";
import * as cadc from "./cadc.js";
import * as capmem from "./capmem.js";
import * as columnSwitches from "./column-switches.js";
import type { ContainerType } from "./container.js";
import * as crossbar from "./crossbar.js";
import * as executor from "./executor.js";
import * as madc from "./madc.js";
import * as neuron from "./neuron.js";
import * as neuronBackend from "./neuron-backend.js";
import * as phy from "./phy.js";
import * as pll from "./pll.js";
import * as ppu from "./ppu.js";
import * as readout from "./readout.js";
import * as sramTiming from "./sram-timing.js";
import * as synapse from "./synapse.js";

/** Chapters of the register map, in the order of the documentation. */
export const containerChapters = [
  { title: "CapMem", containers: [capmem.CapMemCell, capmem.CapMemBlockConfig, readout.ReferenceGeneratorConfig] },
  { title: "Neuron", containers: [neuron.NeuronConfig] },
  {
    title: "Neuron backend",
    containers: [
      neuronBackend.NeuronBackendConfig,
      neuronBackend.CommonNeuronBackendConfig,
      neuronBackend.NeuronReset,
      neuronBackend.BlockPostPulse,
      neuronBackend.SpikeCounterRead,
      neuronBackend.SpikeCounterReset,
    ],
  },
  {
    title: "Analog readout",
    containers: [readout.ReadoutSourceSelection, readout.PadMultiplexerConfig, readout.CurrentDac],
  },
  { title: "MADC", containers: [madc.MadcControl, madc.MadcConfig] },
  {
    title: "Event routing",
    containers: [
      crossbar.CrossbarOutputConfig,
      crossbar.CrossbarNode,
      crossbar.CrossbarInputDropCounter,
      crossbar.CrossbarOutputEventCounter,
    ],
  },
  {
    title: "Time and execution",
    containers: [
      executor.SystimeSyncBase,
      executor.FpgaDeviceDna,
      executor.EventRecordingConfig,
      executor.PollingOmnibusBlockConfig,
      executor.InstructionTimeoutConfig,
      executor.SystimeCorrectionBarrierInterrupt,
      executor.Timer,
      executor.FpgaSystimeSyncNumRetries,
      executor.FpgaSystimeSyncLastRtt,
      executor.FpgaSystimeSyncLastAsicSystime,
      executor.FpgaSystimeSyncActiveState,
    ],
  },
  { title: "Background sources", containers: [background.BackgroundSpikeSource] },
  {
    title: "CADC",
    containers: [cadc.CadcConfig, cadc.CadcChannelConfig, cadc.CadcSampleQuad, columnSwitches.ColumnCorrelationQuad],
  },
  {
    title: "Synapses and drivers",
    containers: [
      synapse.SynapseQuad,
      synapse.SynapseWeightQuad,
      synapse.SynapseLabelQuad,
      columnSwitches.ColumnCurrentQuad,
      synapse.CommonSynramConfig,
      synapse.SynapseBiasSelection,
      synapse.CommonCorrelationConfig,
      synapse.CorrelationReset,
      synapse.NeuronResetQuad,
      synapse.SynapseDriverConfig,
      synapse.PadiEvent,
      synapse.CommonPadiBusConfig,
      synapse.CommonStpConfig,
    ],
  },
  { title: "On-chip processors", containers: [ppu.PpuMemoryWord, ppu.PpuControlRegister, ppu.PpuStatusRegister] },
  {
    title: "Memory timing",
    containers: [
      sramTiming.CapMemSramTimingConfig,
      sramTiming.CadcOffsetSramTimingConfig,
      sramTiming.SynapseDriverSramTimingConfig,
      sramTiming.NeuronSramTimingConfig,
      sramTiming.NeuronBackendSramTimingConfig,
    ],
  },
  {
    title: "Clocks",
    containers: [
      pll.Adpll,
      pll.AdpllOnOmnibus,
      pll.PllClockOutputBlock,
      pll.PllClockOutputBlockOnOmnibus,
      pll.PllSelfTest,
      pll.PllSelfTestStatus,
    ],
  },
  {
    title: "Links",
    containers: [
      phy.PhyConfigFpga,
      phy.PhyConfigChip,
      phy.CommonPhyConfigFpga,
      phy.CommonPhyConfigChip,
      phy.PhyStatus,
      phy.HicannArqStatus,
    ],
  },
  {
    title: "Board",
    containers: [board.ShiftRegister, board.DacChannel, board.DacControl, board.ExternalPpuMemoryQuad],
  },
] as const satisfies readonly { readonly title: string; readonly containers: readonly ContainerType[] }[];

export const allContainers: readonly ContainerType[] = containerChapters.flatMap<ContainerType>(
  (chapter) => chapter.containers,
);
