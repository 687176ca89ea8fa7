/** Structural similarity of luma (Wang et al. 2004). @module */

import type { Image } from "../image/image.ts";
import { type BorderOptions, lumaPair, type Plane } from "./_planes.ts";

const RADIUS = 5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
const WINDOW = gaussian(1.5);

/**
 * SSIM of luma as super-resolution papers state it: `ssim_index.m` without downsampling, Gaussian window
 * 11x11 with sigma 1.5, K = (0.01, 0.03), L = 255, only where the window lies inside, on rounded BT.601
 * luma without the border.
 *
 * @param result The image to judge.
 * @param truth The image it should equal, of the same size.
 * @returns 1 for identical images, about 0 for unrelated ones.
 * @throws {RangeError} If the sizes differ or less than 11x11 pixels are left.
 */
export function ssimY(result: Image, truth: Image, { border = 0 }: BorderOptions = {}): number {
  const [a, b] = lumaPair(result, truth, border);
  const x = Float64Array.from(a.data), y = Float64Array.from(b.data);
  if (Math.min(a.width, a.height) <= 2 * RADIUS) {
    throw new RangeError(
      `Cannot measure SSIM on ${a.width}x${a.height} pixels: its window needs 11x11`,
    );
  }
  const meanA = blurred(a, x);
  const meanB = blurred(b, y);
  const squareA = blurred(a, product(x, x));
  const squareB = blurred(b, product(y, y));
  const both = blurred(a, product(x, y));
  let sum = 0;
  for (let i = 0; i < meanA.length; i++) {
    const mean = meanA[i] * meanB[i];
    const means = meanA[i] ** 2 + meanB[i] ** 2;
    // Equation 13, with sigma_ab = E[ab] - E[a]E[b] and the like.
    sum += ((2 * mean + C1) * (2 * (both[i] - mean) + C2)) /
      ((means + C1) * (squareA[i] + squareB[i] - means + C2));
  }
  return sum / meanA.length;
}

function gaussian(sigma: number): Float64Array {
  const window = Float64Array.from(
    { length: 2 * RADIUS + 1 },
    (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * sigma ** 2)),
  );
  const sum = window.reduce((total, weight) => total + weight, 0);
  return window.map((weight) => weight / sum);
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * b[i]);
}

/** Weighted means under the window, where it lies inside: rows first, then columns. */
function blurred(size: Plane, values: Float64Array): Float64Array {
  const width = size.width - 2 * RADIUS;
  const flat = new Float64Array(width * size.height);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < width; x++, to++) {
      let sum = 0;
      for (let k = 0; k < WINDOW.length; k++) sum += WINDOW[k] * values[y * size.width + x + k];
      flat[to] = sum;
    }
  }
  const result = new Float64Array(width * (size.height - 2 * RADIUS));
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let k = 0; k < WINDOW.length; k++) sum += WINDOW[k] * flat[i + k * width];
    result[i] = sum;
  }
  return result;
}
