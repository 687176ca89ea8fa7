/** A round part of an image. @module */

import type { Image } from "../../lib/image/image.ts";
import { centralRect, cropImage } from "../../lib/image/crop.ts";

/** A mask: white in a disc in the middle, whose radius is a quarter of the shorter side, and black elsewhere. */
export function discMask({ width, height }: Pick<Image, "width" | "height">): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  const radius = radiusOf({ width, height });
  for (let i = 0; i < width * height; i++) {
    const x = i % width + 0.5 - width / 2, y = Math.floor(i / width) + 0.5 - height / 2;
    data.fill(x * x + y * y <= radius * radius ? 255 : 0, 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  }
  return { width, height, data, channels: 3 };
}

/** The box around the disc, with the pixels of `outside` where the mask is black. */
export function discOnly(image: Image, mask: Image, outside: Image): Image {
  const data = new Uint8ClampedArray(image.data);
  for (let i = 0; i < data.length; i++) if (mask.data[i - i % 4] === 0) data[i] = outside.data[i];
  const side = 2 * Math.ceil(radiusOf(image));
  return cropImage({ ...image, data }, centralRect(image, side));
}

/** Largest difference of two images, in bytes, where the mask is black. */
export function largestOutside(a: Image, b: Image, mask: Image): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    if (mask.data[i - i % 4] === 0) largest = Math.max(largest, Math.abs(a.data[i] - b.data[i]));
  }
  return largest;
}

function radiusOf({ width, height }: Pick<Image, "width" | "height">): number {
  return Math.min(width, height) / 4;
}
