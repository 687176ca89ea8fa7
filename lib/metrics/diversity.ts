/** How much samples of one picture differ, and whether their differences are worth something. @module */

import type { Image } from "../image/image.ts";
import { checkPair } from "./_planes.ts";
import { decibels, squaredError } from "./psnr.ts";

/**
 * Standard deviation over the samples (divided by their number), averaged over pixels and colours, in steps of
 * 1/255: the sigma of SRDiff (section 4.3). One sample has 0.
 *
 * @param samples Pictures of one size.
 * @throws {RangeError} If there are none, or their sizes differ.
 */
export function diversity(samples: readonly Image[]): number {
  const deviation = deviations(samples);
  return deviation.reduce((sum, value, i) => i % 4 < 3 ? sum + value : sum, 0) /
    (deviation.length * 0.75);
}

/** Standard deviation of every byte over the samples, alpha too. */
function deviations(samples: readonly Image[]): Float64Array {
  const mean = meanColors(samples);
  const squares = new Float64Array(mean.length);
  for (const { data } of samples) {
    for (let i = 0; i < mean.length; i++) squares[i] += (data[i] - mean[i]) ** 2;
  }
  return squares.map((sum) => Math.sqrt(sum / samples.length));
}

/**
 * By how many dB the squared error of the mean of the samples (not rounded) is less than theirs is on average.
 * A calibrated sampler of n samples gains 10 log10(2n / (n + 1)); noise that hides no knowledge gains as well,
 * so read it beside LPIPS.
 *
 * @param samples Pictures of one size.
 * @param truth What they should equal.
 * @throws {RangeError} If there are none, or the sizes differ.
 */
export function gainOfMean(samples: readonly Image[], truth: Image): number {
  const mean = meanColors(samples);
  let error = 0;
  for (let i = 0; i < mean.length; i++) {
    if (i % 4 < 3) error += (mean[i] - truth.data[i]) ** 2;
  }
  const single = samples.reduce((sum, sample) => sum + squaredError(sample, truth), 0);
  return decibels(error / (mean.length * 0.75)) - decibels(single / samples.length);
}

/** Mean of every byte, alpha too. */
function meanColors(samples: readonly Image[]): Float64Array {
  if (samples.length === 0) throw new RangeError("Cannot compare samples: there are none");
  const mean = new Float64Array(samples[0].data.length);
  for (const sample of samples) {
    checkPair(sample, samples[0], 0);
    for (let i = 0; i < mean.length; i++) mean[i] += sample.data[i] / samples.length;
  }
  return mean;
}
