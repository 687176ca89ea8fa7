/** Consistency: whether a result still shows what it was made from. @module */

import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize.ts";
import { psnrRgb } from "./psnr.ts";

/**
 * LR-PSNR: the result shrunk again by the exact bicubic that makes low-resolution images, in bytes, against
 * the low-resolution image; PSNR over three colours without a border (SRFlow, section 5).
 *
 * @param result The enlarged image.
 * @param low The image that it was made from.
 * @throws {RangeError} If the size of `result` is not a whole multiple of that of `low`.
 */
export function lrPsnr(result: Image, low: Image): number {
  const scale = result.width / low.width;
  if (!Number.isInteger(scale) || result.height !== low.height * scale) {
    throw new RangeError(
      `Cannot shrink an image of ${result.width}x${result.height} to ${low.width}x${low.height}: ` +
        `its sides must be the same whole multiple`,
    );
  }
  return psnrRgb(resizeImage(result, { width: low.width, height: low.height }), low);
}
