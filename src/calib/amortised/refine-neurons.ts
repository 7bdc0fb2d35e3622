/** Truncated rounds of many neurons, recorded together and trained one after the other. */
import type { Posterior } from "../inference/posterior.js";
import { pickRows } from "../recording/neuron-traces.js";
import type { Candidate } from "./assess-neuron.js";
import { featuresOf, type LearntNeurons } from "./learn-neurons.js";
import type { NeuronsRun } from "./neurons-run.js";
import type { Wanted } from "./population.js";
import { Refinement } from "./refine.js";

/** One truncated round on every neuron. */
export async function refineNeurons(
  run: NeuronsRun,
  { shared, simulated }: LearntNeurons,
  refinements: Map<Candidate, Refinement>,
  round: number,
): Promise<void> {
  const { perRefinement, refinements: rounds, seed } = run.request;
  const { progress, recordings } = run;
  const { source, features } = shared;
  const alive = run.alive;
  const wanted: Wanted[] = [];
  for (const candidate of alive) {
    const own = [...simulated.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
    const refinement =
      refinements.get(candidate) ??
      new Refinement(run.prior, run.settings(seed + candidate.neuron), {
        theta: pickRows(simulated.theta, run.prior.size, own),
        x: pickRows(features, source.size, own),
      });
    refinements.set(candidate, refinement);
    const rng = run.rng.fork(`round ${round} of neuron ${candidate.neuron}`);
    const theta = refinement.propose(candidate.posterior as Posterior, perRefinement, rng);
    for (let i = 0; i < perRefinement; i++) {
      wanted.push({ member: candidate.member, theta: theta.slice(i * run.prior.size, (i + 1) * run.prior.size) });
    }
  }
  const label = `recording truncated round ${round} of ${rounds}`;
  const set = await run.record("record", `refinement-${round}`, label, wanted);
  recordings.simulations += wanted.length;
  const encoded = source.encode(set.traces, set.count);
  await progress.phase(
    "posterior",
    `training each neuron, round ${round} of ${rounds}`,
    alive.length,
    "neurons",
    async (advance) => {
      for (const [done, candidate] of alive.entries()) {
        const own = [...set.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
        const rows = { theta: pickRows(set.theta, run.prior.size, own), x: pickRows(encoded, source.size, own) };
        const refinement = refinements.get(candidate) as Refinement;
        candidate.posterior = await refinement.train(rows, featuresOf(candidate, source), run.context.signal);
        advance(done + 1);
      }
    },
  );
}
