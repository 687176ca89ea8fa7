/**
 * Luma after ITU-R BT.601 with the studio range 16 to 235, as MATLAB's `rgb2ycbcr`.
 *
 * @module
 */

import type { Image } from "./image.ts";

/** Luma of one pixel, 16 to 235, of red, green and blue in 0 to 255; not rounded. */
export function luma(red: number, green: number, blue: number): number {
  return 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255;
}

/** Gray of one pixel in the range of its channels (BT.601 weights, full range). */
export function gray(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** How {@linkcode lumaOf} rounds. */
export interface LumaOptions {
  /**
   * Rounds half up to whole numbers, as MATLAB does for a byte image.
   *
   * @default {true}
   */
  round?: boolean;
}

/**
 * Luma of an image, row-major, 16 to 235; alpha is ignored. The values of a gray image
 * are its luma, as in the papers' scripts.
 */
export function lumaOf(image: Image, options: LumaOptions = {}): Float32Array {
  const { data } = image;
  const round = options.round ?? true;
  const isGray = image.channels === 1 || image.channels === 2;
  const result = new Float32Array(image.width * image.height);
  for (let i = 0, from = 0; i < result.length; i++, from += 4) {
    const value = isGray ? data[from] : luma(data[from], data[from + 1], data[from + 2]);
    result[i] = round ? Math.floor(value + 0.5) : value;
  }
  return result;
}
