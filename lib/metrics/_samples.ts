/** Several samples of one image. @module */

import type { Image } from "../image/image.ts";
import { checkPair } from "./_planes.ts";

/**
 * Refuses samples that cannot be compared.
 *
 * @throws {RangeError} If there are none, or their sizes differ.
 */
export function checkSamples(samples: readonly Image[]): void {
  if (samples.length === 0) throw new RangeError("Cannot compare samples: there are none");
  for (const sample of samples) checkPair(sample, samples[0], 0);
}

/** Squared distances of one byte of the samples from their mean, added up. */
export function squaresAt(samples: readonly Image[], i: number): number {
  const mean = meanAt(samples, i);
  let squares = 0;
  for (const { data } of samples) squares += (data[i] - mean) ** 2;
  return squares;
}

/** Mean of one byte over the samples, not rounded. */
export function meanAt(samples: readonly Image[], i: number): number {
  let sum = 0;
  for (const { data } of samples) sum += data[i];
  return sum / samples.length;
}
