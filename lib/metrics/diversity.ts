/** Diversity: how much samples of one image differ, and what their mean gains. @module */

import type { Image } from "../image/image.ts";
import { checkSamples, meanAt, squaresAt } from "./_samples.ts";
import { decibels, squaredError } from "./psnr.ts";

/**
 * Standard deviation over the samples (divided by their number), averaged over pixels and colours, in steps of
 * 1/255: the sigma of SRDiff (section 4.3). One sample has 0.
 *
 * @param samples Images of one size.
 * @throws {RangeError} If there are none, or their sizes differ.
 */
export function diversity(samples: readonly Image[]): number {
  checkSamples(samples);
  const { length } = samples[0].data;
  let total = 0;
  for (let i = 0; i < length; i++) {
    if (i % 4 < 3) total += Math.sqrt(squaresAt(samples, i) / samples.length);
  }
  return total / (length * 0.75);
}

/**
 * How many dB the squared error of the mean of the samples (not rounded) is below their average squared error.
 * A calibrated sampler of n samples gains 10 log10(2n / (n + 1)); noise that hides no knowledge gains as well,
 * so read it beside LPIPS.
 *
 * @param samples Images of one size.
 * @param truth The ground truth.
 * @throws {RangeError} If there are none, or the sizes differ.
 */
export function gainOfMean(samples: readonly Image[], truth: Image): number {
  checkSamples(samples);
  const { length } = samples[0].data;
  let error = 0;
  for (let i = 0; i < length; i++) {
    if (i % 4 < 3) error += (meanAt(samples, i) - truth.data[i]) ** 2;
  }
  const single = samples.reduce((sum, sample) => sum + squaredError(sample, truth), 0);
  return decibels(error / (length * 0.75)) - decibels(single / samples.length);
}
