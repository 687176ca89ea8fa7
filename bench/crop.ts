/** Parts of pictures. @module */

import type { Image } from "../lib/image/image.ts";

/** A part of a picture, in pixels. */
export interface Window {
  /** First column. */
  readonly x: number;
  /** First row. */
  readonly y: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/**
 * Cuts a part out.
 *
 * @throws {RangeError} If the part does not lie inside.
 */
export function crop(image: Image, { x, y, width, height }: Window): Image {
  if (x < 0 || y < 0 || x + width > image.width || y + height > image.height) {
    throw new RangeError(
      `Cannot cut ${width}x${height} at ${x},${y} out of ${image.width}x${image.height}`,
    );
  }
  const data = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((y + row) * image.width + x);
    data.set(image.data.subarray(from, from + 4 * width), 4 * row * width);
  }
  return { ...image, width, height, data };
}

/** The window of this size in the middle; half a pixel goes to the left and to the top. */
export function centre(image: Image, width: number, height = width): Window {
  return {
    x: Math.floor((image.width - width) / 2),
    y: Math.floor((image.height - height) / 2),
    width,
    height,
  };
}
