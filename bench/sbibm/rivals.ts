/**
 * Numbers of others beside which ours are printed: mean C2ST over ten observations at 1,000 and 10,000 simulations, from
 * the benchmark's published results (github.com/sbi-benchmark/results, commit 741183c: main_paper.csv, and for
 * gaussian_mixture the rerun of the corrected task), and minutes of the same runs. NPE and SNPE with neural splines.
 */
interface Rival {
  readonly npe: readonly [number, number];
  readonly snpe: readonly [number, number];
  readonly npeMinutes: readonly [number, number];
  readonly snpeMinutes: readonly [number, number];
}

const published: Readonly<Record<string, Rival>> = {
  two_moons: { npe: [0.725, 0.606], snpe: [0.643, 0.554], npeMinutes: [0.46, 6], snpeMinutes: [2.5, 16] },
  gaussian_linear_uniform: {
    npe: [0.696, 0.553],
    snpe: [0.631, 0.527],
    npeMinutes: [0.35, 5.6],
    snpeMinutes: [3.9, 25],
  },
  gaussian_mixture: { npe: [0.716, 0.615], snpe: [0.669, 0.551], npeMinutes: [0.47, 5.4], snpeMinutes: [2.4, 14] },
  slcp: { npe: [0.975, 0.901], snpe: [0.965, 0.845], npeMinutes: [0.2, 7.5], snpeMinutes: [2.6, 27] },
  bernoulli_glm: { npe: [0.863, 0.678], snpe: [0.855, 0.614], npeMinutes: [0.37, 10], snpeMinutes: [4.5, 48] },
  gaussian_linear: { npe: [0.694, 0.552], snpe: [0.652, 0.544], npeMinutes: [0.3, 3.3], snpeMinutes: [3.2, 22] },
};

/** sbi 0.27 measured on a machine of this kind: spline flow, its defaults, one thread, medians of three seeds. */
const measured: Readonly<Record<string, string>> = {
  "two_moons npe 1000": "0.672 in 17 s",
  "two_moons npe 10000": "0.534 in 137 s",
};

interface Published {
  readonly score: number;
  readonly minutes: number;
}

/** A cell as published, mean over ten observations; sequential methods stand beside SNPE. */
export function publishedFor(task: string, method: string, simulations: number): Published | undefined {
  const rival = published[task];
  const column = simulations === 1000 ? 0 : simulations === 10_000 ? 1 : undefined;
  if (rival === undefined || column === undefined) return undefined;
  const [score, minutes] = method === "npe" ? [rival.npe, rival.npeMinutes] : [rival.snpe, rival.snpeMinutes];
  return { score: score[column], minutes: minutes[column] };
}

/** What others reached, for people. */
export function rivalText(task: string, method: string, simulations: number): string {
  const cell = publishedFor(task, method, simulations);
  const own = measured[`${task} ${method} ${simulations}`];
  const text = cell === undefined ? "none published" : `published ${cell.score.toFixed(3)} in ${cell.minutes} min`;
  return own === undefined ? text : `${text}, sbi 0.27 ${own}`;
}
