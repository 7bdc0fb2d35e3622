/**
 * Slow wandering of one neuron's CapMem levels: a sum of octaves, each a broken line through random points, four times
 * slower from one to the next, with equal amplitudes. Its spectrum falls about as 1/f from 15 Hz down to 0.015 Hz.
 * Addressed by time, so it does not depend on when somebody looks.
 */

import type { NoiseStream } from "../noise.js";

/** Distance of the points of the fastest octave, grid steps of 16 ns: 16.8 ms. */
const pointDistance = 2 ** 20;
const octaves = 6;
/** Standard deviation of one octave's points, codes, at factor 1: all octaves together 0.4 rms. */
const octaveAmplitude = 0.2;
/** Values per noise block. */
const perBlock = 4;

export class LevelDrift {
  readonly #noise: NoiseStream;
  readonly #circuit: number;
  readonly #amplitude: number;
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  readonly #normals = new Float64Array(perBlock);
  #point = -1;

  /** @param cells number of cells that drift together with this circuit */
  constructor(noise: NoiseStream, circuit: number, cells: number, factor: number) {
    this.#noise = noise;
    this.#circuit = circuit;
    this.#amplitude = octaveAmplitude * factor;
    this.#from = new Float64Array(cells);
    this.#to = new Float64Array(cells);
  }

  /** Add the drift at a grid step to the levels, codes. */
  addTo(level: Float64Array, step: number): void {
    if (this.#amplitude === 0) return;
    const point = Math.floor(step / pointDistance);
    if (point !== this.#point) {
      this.#atPoint(this.#from, point);
      this.#atPoint(this.#to, point + 1);
      this.#point = point;
    }
    const share = step / pointDistance - point;
    for (let i = 0; i < level.length; i++) {
      const from = this.#from[i] as number;
      level[i] = (level[i] as number) + from + share * ((this.#to[i] as number) - from);
    }
  }

  #atPoint(out: Float64Array, point: number): void {
    out.fill(0);
    for (let octave = 0; octave < octaves; octave++) {
      const position = point / 4 ** octave;
      const before = Math.floor(position);
      const share = position - before;
      this.#addOctave(out, octave, before, 1 - share);
      if (share > 0) this.#addOctave(out, octave, before + 1, share);
    }
  }

  #addOctave(out: Float64Array, octave: number, index: number, weight: number): void {
    for (let i = 0; i < out.length; i++) {
      const lane = i % perBlock;
      if (lane === 0) this.#noise.normals(this.#normals, index, this.#circuit, octave * out.length + i);
      out[i] = (out[i] as number) + weight * this.#amplitude * (this.#normals[lane] as number);
    }
  }
}
