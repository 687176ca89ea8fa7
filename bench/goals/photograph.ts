/** Photographs of any size: docs/coffee.png, cropped or repeated in mirror images. @module */

import { type Image, readImage } from "../../mod.ts";

let coffee: Promise<Image> | undefined;

/** A photograph of this size in pixels. */
export async function photograph(width: number, height: number): Promise<Image> {
  const source = await (coffee ??= readImage(new URL("../../docs/coffee.png", import.meta.url)));
  const data = new Uint8ClampedArray(4 * width * height);
  const from = new Uint32Array(source.data.buffer, source.data.byteOffset, source.data.length / 4);
  const to = new Uint32Array(data.buffer);
  for (let y = 0, i = 0; y < height; y++) {
    const row = folded(y, source.height) * source.width;
    for (let x = 0; x < width; x++, i++) to[i] = from[row + folded(x, source.width)];
  }
  return { width, height, data, channels: 3 };
}

/** The pixel that stands in for one beyond the edge. */
function folded(index: number, count: number): number {
  const at = index % (2 * count);
  return at < count ? at : 2 * count - 1 - at;
}
