/** Shifts of colour over a whole image. @module */

import type { Image } from "../image/image.ts";
import { checkPair } from "./_planes.ts";

/**
 * Mean colour error: the distance of the mean of each channel of `result` from that of `truth`, averaged over red,
 * green and blue, in steps of 1/255. Blur and noise leave it near 0, a hue shift does not.
 *
 * @throws {RangeError} If the sizes differ.
 */
export function colorError(result: Image, truth: Image): number {
  checkPair(result, truth, 0);
  const shift = [0, 0, 0];
  for (let i = 0; i < truth.data.length; i++) {
    if (i % 4 < 3) shift[i % 4] += result.data[i] - truth.data[i];
  }
  const pixels = truth.width * truth.height;
  return shift.reduce((sum, channel) => sum + Math.abs(channel), 0) / (3 * pixels);
}
