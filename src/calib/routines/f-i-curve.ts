/** Rate of one AdEx neuron against its step current, by its spike counter: the paper's working point, steady firing. */
import {
  AtomicNeuronOnDls,
  fpgaCyclesPerUs,
  type Session,
  SpikeCounterRead,
  SpikeCounterReset,
} from "../../device/interface/index.js";
import { writeCodes } from "../codes.js";
import { paperTask } from "../task/paper.js";
import { largestCount } from "./all-neurons.js";

/** The adaptation has come to rest by then, us. */
const onsetUs = 1000;
/** A neuron at the refractory limit of the working point spikes 206 times in it; the counter holds 255. */
const windowUs = 400;
const numWindows = 4;
/** Codes of the two cells that the paper's task infers: middle of its demonstration region. */
const middle = { v_reset: 510, i_bias_adapt_tau: 280 } as const;

export interface FIPoint {
  /** Code of `i_mem_offset`. */
  readonly code: number;
  /** Spikes per millisecond of chip time: kHz. */
  readonly rateKhz: number;
  /** Standard deviation of the windows' rates, kHz. */
  readonly sdKhz: number;
}

/** @param codes of `i_mem_offset`, 0..1022 @param onStep called after each point */
export async function measureFICurve(
  session: Session,
  neuron: number,
  codes: readonly number[],
  onStep: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<FIPoint[]> {
  const options = signal === undefined ? {} : { signal };
  const { neuronCodes, neuronConfig, backendConfig: backend, sharedCodes, commonBackendConfig, timing } = paperTask;
  const at = AtomicNeuronOnDls.at(neuron);
  const points: FIPoint[] = [];
  for (const code of codes) {
    await session.reinit(options);
    const builder = session.program();
    writeCodes(builder, {
      sharedCodes,
      commonBackend: commonBackendConfig,
      neurons: [
        {
          neuron,
          codes: { ...neuronCodes, ...middle, i_mem_offset: code },
          switches: { ...neuronConfig, enableMembraneOffset: true },
          backend,
        },
      ],
    });
    builder.barrier("omnibus").resetTimer();
    let us = 0;
    for (; us < timing.settleUs; us += 5000) builder.waitUntil((us + 5000) * fpgaCyclesPerUs);
    builder.write(SpikeCounterReset, at, {});
    us += onsetUs;
    const tickets = Array.from({ length: numWindows }, () => {
      builder.waitUntil(us * fpgaCyclesPerUs).write(SpikeCounterReset, at, {});
      us += windowUs;
      return builder.waitUntil(us * fpgaCyclesPerUs).read(SpikeCounterRead, at);
    });
    await session.run(builder.build(), options);
    const rates = tickets.map((ticket) => {
      const { count, overflow } = ticket.get();
      return (1000 * (overflow ? largestCount : count)) / windowUs;
    });
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const square = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (rates.length - 1);
    points.push({ code, rateKhz: mean, sdKhz: Math.sqrt(square) });
    onStep(points.length);
  }
  return points;
}
