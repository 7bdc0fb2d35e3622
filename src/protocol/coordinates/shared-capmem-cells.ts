/**
 * Names and places of the CapMem cells in the shared columns 128 and 129. Names are those of the field; 102 of the 192
 * shared cells are in use. Source: halco `hicann-dls/vx/v3/capmem.cpp`.
 */

const everyBlock = [0, 1, 2, 3] as const;

const common = [
  [128, 0, "stp_v_charge_0"],
  [128, 1, "stp_v_charge_1"],
  [128, 2, "stp_v_recover_0"],
  [128, 3, "stp_v_recover_1"],
  [128, 4, "cadc_v_ramp_offset"],
  [128, 5, "cadc_v_bias_ramp_buf"],
  [128, 7, "neuron_v_bias_casc_n"],
  [128, 8, "syn_i_bias_dac"],
  [128, 9, "syn_i_bias_ramp"],
  [128, 10, "syn_i_bias_store"],
  [128, 11, "syn_i_bias_corout"],
  [128, 12, "stp_i_bias_comparator"],
  [128, 13, "stp_i_ramp"],
  [128, 14, "stp_i_calib"],
  [128, 15, "cadc_i_ramp_slope"],
  [128, 16, "cadc_i_bias_comp"],
  [128, 17, "cadc_i_bias_vreset_buf"],
  [128, 18, "neuron_i_bias_readout_amp"],
  [128, 19, "neuron_i_bias_leak_source_follower"],
  [128, 20, "neuron_i_bias_spike_comparator"],
  [129, 23, "neuron_i_bias_synin_drop"],
] as const;

const ofOneBlock = [
  [0, 128, 6, "readout_sc_amp_v_ref"],
  [1, 128, 6, "readout_pseudo_diff_v_ref"],
  [2, 128, 6, "readout_iconv_test_voltage"],
  [3, 128, 6, "readout_iconv_sc_amp_v_ref"],
  [0, 128, 21, "readout_iconv_sc_amp_i_bias"],
  [1, 128, 21, "stp_ibias_readout_top"],
  [3, 128, 21, "stp_ibias_readout_bottom"],
  [0, 128, 22, "readout_pseudo_diff_buffer_bias"],
  [1, 128, 22, "hagen_ibias_dac_top"],
  [3, 128, 22, "hagen_ibias_dac_bottom"],
  [0, 128, 23, "readout_out_amp_i_bias_0"],
  [0, 129, 8, "readout_out_amp_i_bias_1"],
  [0, 129, 9, "readout_idac_i_bias"],
  [0, 129, 10, "readout_idac_i_bias_casc"],
  [0, 129, 11, "readout_iconv_i_bias_buffer"],
  [0, 129, 12, "readout_ac_mux_i_bias"],
  [0, 129, 13, "readout_madc_in_500na"],
  [0, 129, 14, "readout_sc_amp_i_bias"],
] as const;

/** Name of a shared cell. */
export type SharedCapMemCell = (typeof common)[number][2] | (typeof ofOneBlock)[number][3];

export interface SharedCellPlace {
  readonly name: SharedCapMemCell;
  readonly column: number;
  readonly row: number;
  readonly blocks: readonly number[];
}

export const sharedCellPlaces: readonly SharedCellPlace[] = [
  ...common.map(([column, row, name]) => ({ name, column, row, blocks: everyBlock })),
  ...ofOneBlock.map(([block, column, row, name]) => ({ name, column, row, blocks: [block] })),
];

/** All names, those that exist in every block first. */
export const sharedCapMemCells: readonly SharedCapMemCell[] = sharedCellPlaces.map((place) => place.name);
