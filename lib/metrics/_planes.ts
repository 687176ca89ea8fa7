/** Pairs of images that are compared, and their luma without borders. @module */

import { checkWhole } from "../checks.ts";
import { gray, lumaOf } from "../image/color.ts";
import type { Image } from "../image/image.ts";
import { tensor } from "../tensor/tensor.ts";
import { crop, type Rect } from "../tensor/window.ts";

/** One channel of an image in 0 to 255. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Options of all metrics of a pair of images. */
export interface BorderOptions {
  /**
   * Pixels that are left out on every side; papers leave out as many as the scale.
   *
   * @default {0}
   */
  border?: number;
}

/**
 * Refuses a pair that cannot be compared.
 *
 * @throws {RangeError} If the sizes differ or the border leaves nothing.
 */
export function checkPair(result: Image, truth: Image, border: number): void {
  if (result.width !== truth.width || result.height !== truth.height) {
    throw new RangeError(
      `Cannot compare images of ${result.width}x${result.height} and ` +
        `${truth.width}x${truth.height}: their sizes must be equal`,
    );
  }
  checkWhole("border", border, { to: Number.MAX_SAFE_INTEGER });
  if (2 * border >= Math.min(truth.width, truth.height)) {
    throw new RangeError(
      `Cannot leave out a border of ${border} of an image of ${truth.width}x${truth.height}: ` +
        `take one that leaves some pixels`,
    );
  }
}

/**
 * Rounded luma of both images without their borders. If the truth has one channel, its values are
 * the luma (the papers' scripts skip `rgb2ycbcr` then), and the result is converted to gray in the same way.
 */
export function lumaPair(result: Image, truth: Image, border: number): [Plane, Plane] {
  checkPair(result, truth, border);
  const asTruth = isGray(truth) && !isGray(result) ? { ...result, data: grayed(result) } : result;
  const channels = truth.channels;
  const { width, height } = truth;
  const [across, down] = [width, height].map((side) => side - 2 * border);
  const inner = { x: border, y: border, width: across, height: down };
  return [lumaIn({ ...asTruth, channels }, inner), lumaIn(truth, inner)];
}

function isGray(image: Image): boolean {
  return image.channels === 1 || image.channels === 2;
}

function grayed({ data }: Image): Uint8ClampedArray<ArrayBuffer> {
  const result = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    result.fill(Math.floor(gray(data[i], data[i + 1], data[i + 2]) + 0.5), i, i + 3);
  }
  return result;
}

/** Rounded luma of a window of an image. */
export function lumaIn(image: Image, window: Rect): Plane {
  const luma = tensor([1, 1, image.height, image.width], lumaOf(image));
  const { width, height } = window;
  return { width, height, data: crop(luma, window).data };
}
