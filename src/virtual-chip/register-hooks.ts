/** What writes to the chip's registers do beyond being stored: each tells the blocks whom it concerns, in their order. */
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CapMemBlockConfig,
  CapMemCell,
  CapMemCellOnDls,
  CommonNeuronBackendConfig,
  CurrentDac,
  capMemCellPlace,
  MadcControl,
  NeuronBackendConfig,
  NeuronConfig,
  NeuronReset,
  NeuronResetQuad,
  NeuronResetQuadOnDls,
  neuronBackendBlock,
  ReadoutSourceSelection,
  ReferenceGeneratorConfig,
  synapseColumn,
} from "../protocol/index.js";
import type { CapMem } from "./blocks/capmem.js";
import { blockRefresh } from "./blocks/capmem-refresh.js";
import type { Madc } from "./blocks/madc.js";
import type { Readout } from "./blocks/readout.js";
import type { SpikeCounters } from "./blocks/spike-counters.js";
import type { SpikeRouting } from "./blocks/spike-routing.js";
import type { StimulusLines } from "./blocks/stimulus-line.js";
import { unitsPerStep } from "./physics/adex.js";
import type { Population } from "./population.js";
import type { Registers } from "./registers.js";

const columns = 256;
const neuronsPerBlock = 128;
const entries = [0, 1, 2, 3] as const;

export interface HookedBlocks {
  readonly registers: Registers;
  readonly capMem: CapMem;
  readonly readout: Readout;
  readonly madc: Madc;
  readonly routing: SpikeRouting;
  readonly counters: SpikeCounters;
  readonly stimulus: StimulusLines;
  readonly population: Population;
  /** Chip time, units of 4 ns. */
  readonly now: () => number;
}

const neuronAt = (at: number): AtomicNeuron => AtomicNeuronOnDls.at(at);

export function hookRegisters(blocks: HookedBlocks): void {
  hookLevels(blocks);
  hookNeurons(blocks);
  hookReadout(blocks);
}

const stepOf = ({ now }: HookedBlocks): number => Math.floor(now() / unitsPerStep);

function hookLevels({ registers, capMem, counters, population, now }: HookedBlocks): void {
  registers.hook(CapMemCell, {
    onWrite: (cell) => {
      const { block, column } = capMemCellPlace(CapMemCellOnDls.at(cell));
      // A neuron's own cell, or one that its quadrant shares.
      const neuron = column < neuronsPerBlock ? neuronAt(block * neuronsPerBlock + column) : undefined;
      counters.settle(neuron === undefined ? undefined : [neuron]);
      capMem.write(cell, registers.words(CapMemCell, cell)[0] as number, now());
      population.noteLevels(neuron);
    },
  });
  for (const container of [CapMemBlockConfig, ReferenceGeneratorConfig])
    registers.hook(container, {
      onWrite: () => {
        counters.settle();
        capMem.configure(blockRefresh(registers), now());
        population.noteLevels();
      },
    });
}

function hookNeurons(blocks: HookedBlocks): void {
  const { registers, readout, routing, counters, stimulus, population } = blocks;
  const recordWords = (index: AtomicNeuron): void => {
    counters.settle();
    population.change(index, stepOf(blocks));
  };
  registers.hook(NeuronConfig, {
    onWrite: (at, word, isNew) => {
      if (!isNew) return;
      const isJoinedOrParted = stimulus.noteConfig(neuronAt(at));
      recordWords(neuronAt(at));
      if (isJoinedOrParted) restimulate(blocks);
      routing.noteConfig(neuronAt(at));
      // Word 1 holds all that concerns the readout.
      if (word !== 1) return;
      readout.noteConfig(neuronAt(at));
      reroute(blocks);
    },
  });
  registers.hook(NeuronBackendConfig, {
    onWrite: (at, _, isNew) => {
      if (!isNew) return;
      recordWords(neuronAt(at));
      noteSpeaking(blocks, neuronAt(at));
    },
  });
  registers.hook(CommonNeuronBackendConfig, {
    onWrite: (block) => {
      counters.settle();
      population.changeTouched((index) => neuronBackendBlock(index) === block, stepOf(blocks));
    },
  });
  registers.hook(NeuronReset, { onWrite: (at) => population.forceSpike(neuronAt(at), stepOf(blocks)) });
  registers.hook(NeuronResetQuad, {
    onWrite: (at) => {
      const [half = 0, quad = 0] = NeuronResetQuadOnDls.split(NeuronResetQuadOnDls.at(at));
      for (const entry of entries)
        population.forceSpike(neuronAt(columns * half + synapseColumn(quad, entry)), stepOf(blocks));
    },
  });
  registers.hook(CurrentDac, { onWrite: () => restimulate(blocks) });
}

function hookReadout(blocks: HookedBlocks): void {
  const { registers, madc, counters, now } = blocks;
  registers.hook(MadcControl, {
    onWrite: () => {
      counters.settle();
      madc.control(now());
    },
  });
  registers.hook(ReadoutSourceSelection, { onWrite: () => reroute(blocks) });
}

function reroute({ counters, madc, now }: HookedBlocks): void {
  counters.settle();
  madc.reroute(now());
}

/** Another current flows on the stimulus lines. */
function restimulate(blocks: HookedBlocks): void {
  blocks.counters.settle();
  blocks.population.changeTouched((index) => blocks.stimulus.isJoined(index), stepOf(blocks));
}

/** A neuron whose spikes leave it is observed. */
function noteSpeaking(blocks: HookedBlocks, index: AtomicNeuron): void {
  const { registers, routing, population } = blocks;
  const { enableSpikeOut, addressOut } = registers.fields(NeuronBackendConfig, index);
  const wasSpeaking = routing.speaking.has(index);
  routing.setSpeaking(index, enableSpikeOut ? addressOut : undefined);
  if (enableSpikeOut && !wasSpeaking) population.observe([index], stepOf(blocks));
  if (!enableSpikeOut && wasSpeaking) population.unobserve([index]);
}
