/**
 * Reading the CADC: a whole row of converters, every column of a half at one instant, in the order of the columns. Built
 * of plain container writes and reads.
 */
import { CadcConfig, CadcSampleQuad } from "../../protocol/containers/cadc.js";
import { CapMemCell } from "../../protocol/containers/capmem.js";
import { ColumnCorrelationQuad } from "../../protocol/containers/column-switches.js";
import { sharedCapMemCell } from "../../protocol/coordinates/capmem.js";
import { CapMemBlockOnDls, HemisphereOnDls } from "../../protocol/coordinates/hemisphere.js";
import type { SharedCapMemCell } from "../../protocol/coordinates/shared-capmem-cells.js";
import { CadcSampleQuadOnDls, ColumnQuadOnDls, synapseColumn } from "../../protocol/coordinates/synapse.js";
import type { PlaybackProgramBuilder, Ticket } from "./playback.js";

/** Columns of a half: one neuron, two channels each. */
const columns = 256;
const quads = 64;
const entries = [0, 1, 2, 3] as const;
const channelTypes = { causal: 0, acausal: 1 } as const;
const readoutPaths = { trigger: 0, buffered: 1 } as const;

/**
 * Codes of the cells that run the converters, in every quadrant: a range of about 0.15 to 1.05 V on counts 20 to 220
 * before calibration. Source: bias codes of calix's CADC calibration; ramp codes of a published set-up.
 */
export const cadcCells = {
  cadc_v_ramp_offset: 150,
  cadc_i_ramp_slope: 211,
  cadc_v_bias_ramp_buf: 400,
  cadc_i_bias_comp: 1022,
  cadc_i_bias_vreset_buf: 1022,
} as const satisfies Partial<Record<SharedCapMemCell, number>>;

/**
 * Join every column's two channels with its neuron, switch both halves' converters on and write `cadcCells`; the levels
 * need 20 ms. A neuron shows when its readout amplifier is enabled and has bias (`NeuronConfig.enableReadoutAmplifier`,
 * cell `neuron_i_bias_readout_amp`); its shared readout line (`enableReadout`) must not join it with other neurons.
 */
export function connectCadc(builder: PlaybackProgramBuilder): void {
  for (let block = 0; block < CapMemBlockOnDls.size; block++)
    for (const [name, value] of Object.entries(cadcCells) as [keyof typeof cadcCells, number][])
      builder.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
  const closed = Object.fromEntries(
    entries.flatMap((i) =>
      ["enableInternalCausal", "enableInternalAcausal"]
        .concat("enableCadcNeuronReadoutCausal", "enableCadcNeuronReadoutAcausal")
        .map((name) => [`${name}${i}`, true]),
    ),
  );
  for (let quad = 0; quad < ColumnQuadOnDls.size; quad++)
    builder.write(ColumnCorrelationQuad, ColumnQuadOnDls.at(quad), closed);
  for (let half = 0; half < HemisphereOnDls.size; half++)
    builder.write(CadcConfig, HemisphereOnDls.at(half), { enable: true });
}

/** One conversion of a half's converters; index = column, 0..255. */
export interface CadcRow {
  /** Counts 0..255 of the causal channels; caller owns. */
  readonly causal: Uint8Array;
  readonly acausal: Uint8Array;
}

/**
 * Append one conversion of a half and the reads that fetch it: one trigger read, 127 buffered ones.
 * @param half 0 top (neurons 0..255), 1 bottom (neurons 256..511)
 * @returns a ticket; its time is that of the conversion's answer
 */
export function readCadcRow(builder: PlaybackProgramBuilder, half: 0 | 1): Ticket<CadcRow> {
  const row = 0;
  const read = (type: "causal" | "acausal", quad: number, path: "trigger" | "buffered") =>
    builder.read(CadcSampleQuad, CadcSampleQuadOnDls.of(half, channelTypes[type], readoutPaths[path], row, quad));
  const first = read("causal", 0, "trigger");
  const buffered = (type: "causal" | "acausal", from: number) =>
    Array.from({ length: quads - from }, (_, i) => read(type, from + i, "buffered"));
  const causal = [first, ...buffered("causal", 1)];
  const acausal = buffered("acausal", 0);
  const last = acausal.at(-1) ?? first;
  const collect = (tickets: readonly Ticket<ReturnType<typeof CadcSampleQuad.decode>>[]): Uint8Array => {
    const counts = new Uint8Array(columns);
    tickets.forEach((ticket, quad) => {
      const sample = ticket.get();
      for (const entry of entries) counts[synapseColumn(quad, entry)] = sample[`sample${entry}`];
    });
    return counts;
  };
  return {
    get isReady() {
      return last.isReady;
    },
    get: () => ({ causal: collect(causal), acausal: collect(acausal) }),
    fpgaTime: () => first.fpgaTime(),
  };
}
