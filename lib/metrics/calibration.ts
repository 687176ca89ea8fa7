/** Do samples differ where they are wrong? @module */

import type { Image } from "../image/image.ts";
import { checkPair } from "./_planes.ts";
import { spread } from "./diversity.ts";

/**
 * Rank correlation, over the pixels, of how much samples differ and how far their mean is from the truth.
 *
 * @param samples Two or more pictures of one size.
 * @param truth What they should equal.
 * @returns Spearman's rho, -1 to 1; NaN where the samples are alike everywhere.
 * @throws {RangeError} If there are no samples, or the sizes differ.
 */
export function errorCorrelation(samples: readonly Image[], truth: Image): number {
  const { mean, deviation } = spread(samples);
  checkPair(samples[0], truth, 0);
  const spreads = new Float64Array(mean.length / 4), errors = new Float64Array(mean.length / 4);
  for (let i = 0; i < mean.length; i++) {
    if (i % 4 === 3) continue;
    spreads[i >> 2] += deviation[i];
    errors[i >> 2] += Math.abs(mean[i] - truth.data[i]);
  }
  return rankCorrelation(spreads, errors);
}

/** Spearman's rho: Pearson's correlation of the ranks, equal values sharing their mean rank. */
export function rankCorrelation(a: Float64Array, b: Float64Array): number {
  const x = ranks(a), y = ranks(b);
  const centre = (a.length - 1) / 2;
  let xx = 0, yy = 0, xy = 0;
  for (let i = 0; i < a.length; i++) {
    const dx = x[i] - centre, dy = y[i] - centre;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const result = new Float64Array(values.length);
  for (let first = 0, end = 0; first < order.length; first = end) {
    while (end < order.length && values[order[end]] === values[order[first]]) end++;
    for (let k = first; k < end; k++) result[order[k]] = (first + end - 1) / 2;
  }
  return result;
}
