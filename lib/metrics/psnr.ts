/** Peak signal-to-noise ratio in dB, peak 255; identical images have `Infinity`. @module */

import type { Image } from "../image/image.ts";
import { checkNumber } from "../checks.ts";
import { type BorderOptions, checkPair, lumaPair } from "./_planes.ts";

export type { BorderOptions };

/**
 * PSNR of luma as super-resolution papers state it: BT.601 luma 16 to 235, rounded, without the border.
 *
 * @param result The image to judge.
 * @param truth The image it should equal, of the same size.
 * @throws {RangeError} If the sizes differ or the border leaves nothing.
 */
export function psnrY(result: Image, truth: Image, { border = 0 }: BorderOptions = {}): number {
  const [a, b] = lumaPair(result, truth, border);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2;
  return decibels(sum / a.data.length);
}

/**
 * PSNR over the three colour channels together; 1.5 to 1.9 dB lower than that of luma.
 *
 * @param result The image to judge.
 * @param truth The image it should equal, of the same size.
 * @throws {RangeError} If the sizes differ or the border leaves nothing.
 */
export function psnrRgb(result: Image, truth: Image, { border = 0 }: BorderOptions = {}): number {
  return decibels(squaredError(result, truth, { border }));
}

/** Mean squared error over the three colour channels, in squared steps of 1/255. */
export function squaredError(
  result: Image,
  truth: Image,
  { border = 0 }: BorderOptions = {},
): number {
  checkPair(result, truth, border);
  const { width, height } = truth;
  let sum = 0;
  for (let y = border; y < height - border; y++) {
    for (let i = 4 * (y * width + border); i < 4 * (y * width + width - border); i += 4) {
      sum += (result.data[i] - truth.data[i]) ** 2 +
        (result.data[i + 1] - truth.data[i + 1]) ** 2 +
        (result.data[i + 2] - truth.data[i + 2]) ** 2;
    }
  }
  return sum / (3 * (width - 2 * border) * (height - 2 * border));
}

/** PSNR in dB of a mean squared error, peak 255; infinite for an error of 0. */
export function decibels(squared: number): number {
  checkNumber("squared", squared, { to: Infinity });
  return 10 * Math.log10(255 ** 2 / squared);
}
