/** Windows of images in bytes. @module */

import type { Rect } from "../tensor/window.ts";
import type { Image } from "./image.ts";
import type { Size } from "./resize.ts";

/**
 * Crops an image and keeps its other properties. If the window is the whole image, returns the image itself.
 *
 * @throws {RangeError} If the window is not within the image.
 */
export function cropImage(source: Image, { x, y, width, height }: Rect): Image {
  if (x < 0 || y < 0 || x + width > source.width || y + height > source.height) {
    throw new RangeError(
      `Cannot cut ${width}x${height} at (${x}, ${y}) out of an image of ` +
        `${source.width}x${source.height}`,
    );
  }
  if (width === source.width && height === source.height) return source;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((y + row) * source.width + x);
    data.set(source.data.subarray(from, from + 4 * width), 4 * row * width);
  }
  return { ...source, width, height, data };
}

/** The window of this size in the middle, rounded to the left and to the top. */
export function centralRect(image: Size, width: number, height: number = width): Rect {
  return {
    x: Math.floor((image.width - width) / 2),
    y: Math.floor((image.height - height) / 2),
    width,
    height,
  };
}
