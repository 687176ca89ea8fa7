/** Applies an EXIF orientation. @module */

import { alone } from "../tensor/tensor.ts";
import type { Image } from "./image.ts";
import type { Size } from "./resize.ts";

/** The size of an image after it was turned upright. */
export function uprightSize({ width, height }: Size, orientation: number): Size {
  return orientation >= 5 && orientation <= 8
    ? { width: height, height: width }
    : { width, height };
}

/**
 * Turns an image upright according to its orientation.
 *
 * @param orientation EXIF value: 2 mirrored, 3 half turn, 4 upside down, 5 transposed, 6 quarter turn
 * to the right, 7 transposed over the other diagonal, 8 quarter turn to the left; other values change nothing.
 */
export function upright(image: Image, orientation: number): Image {
  if (orientation < 2 || orientation > 8) return image;
  const { width: w, height: h } = image;
  const swapped = orientation >= 5;
  const { width, height } = uprightSize(image, orientation);
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  // Four bytes are moved as one number.
  const source = new Uint32Array(alone(image.data).buffer);
  const result = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sx = swapped ? y : x, sy = swapped ? x : y;
      const from = (mirrorY ? h - 1 - sy : sy) * w + (mirrorX ? w - 1 - sx : sx);
      result[y * width + x] = source[from];
    }
  }
  return { ...image, width, height, data: new Uint8ClampedArray(result.buffer) };
}
