/** Weights of MATLAB's bicubic along one dimension. @module */

import { checkWord } from "../checks.ts";

/** Samples beyond the border: the outermost one repeated, or the samples mirrored at the edge. */
export type Edge = "replicate" | "mirror";

/** A sparse matrix of weights, one row per output sample; the weights of a row are adjacent. */
export interface Axis {
  /** Number of input samples. */
  readonly inputs: number;
  /** Number of output samples. */
  readonly outputs: number;
  /** The input sample of each row's first weight. */
  readonly first: Int32Array;
  /** Where each row starts in `weights`; one entry more than there are rows. */
  readonly starts: Int32Array;
  /** The weights of all rows; those of one row sum to 1. */
  readonly weights: Float64Array;
}

/** Makes the weights; those of samples beyond the border go to the samples that replace them. */
export function axis(inputs: number, outputs: number, edge: Edge = "replicate"): Axis {
  checkWord("edge", edge, ["replicate", "mirror"]);
  const scale = outputs / inputs;
  const shrink = Math.min(scale, 1);
  const first = new Int32Array(outputs);
  const starts = new Int32Array(outputs + 1);
  const weights: number[] = [];
  for (let x = 0; x < outputs; x++) {
    const centre = (x + 1) / scale + 0.5 * (1 - 1 / scale);
    const window = windowAt(centre, shrink).map(({ at, weight }) => {
      return { at: folded(at, inputs, edge), weight };
    });
    const places = window.map(({ at }) => at);
    const total = window.reduce((sum, { weight }) => sum + weight, 0);
    first[x] = Math.min(...places);
    starts[x + 1] = starts[x] + Math.max(...places) - first[x] + 1;
    while (weights.length < starts[x + 1]) weights.push(0);
    for (const { at, weight } of window) weights[starts[x] + at - first[x]] += weight / total;
  }
  return { inputs, outputs, first, starts, weights: Float64Array.from(weights) };
}

/** The samples around `centre` (counted from 1) with a weight, the kernel widened by `shrink`. */
function windowAt(centre: number, shrink: number): { at: number; weight: number }[] {
  const left = Math.floor(centre - 2 / shrink);
  const taps = Math.ceil(4 / shrink) + 2;
  return Array.from({ length: taps }, (_, k) => ({
    at: left + k - 1,
    weight: shrink * cubic(shrink * (centre - left - k)),
  })).filter(({ weight }) => weight !== 0);
}

/** The sample within `0..count-1` that replaces sample `index`. */
export function folded(index: number, count: number, edge: Edge): number {
  if (edge === "replicate") return Math.min(count - 1, Math.max(0, index));
  const period = ((index % (2 * count)) + 2 * count) % (2 * count);
  return period < count ? period : 2 * count - 1 - period;
}

/** Keys' cubic convolution kernel (1981, equation 4; equation 15 with a = -0.5). */
export function cubic(x: number, a = -0.5): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}
