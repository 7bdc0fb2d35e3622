/**
 * All containers. What is listed here is documented in docs/registers.md and covered by the generic tests.
 */
import * as capmem from "./capmem.js";
import type { ContainerType } from "./container.js";
import * as crossbar from "./crossbar.js";
import * as executor from "./executor.js";
import * as madc from "./madc.js";
import * as neuron from "./neuron.js";
import * as neuronBackend from "./neuron-backend.js";
import * as readout from "./readout.js";

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
] as const satisfies readonly { readonly title: string; readonly containers: readonly ContainerType[] }[];

export const allContainers: readonly ContainerType[] = containerChapters.flatMap<ContainerType>(
  (chapter) => chapter.containers,
);
