/** Sheets of images side by side, one square cell each. @module */

import type { Image } from "../mod.ts";

/** The image enlarged by a whole factor by repeating pixels. */
export function repeated(image: Image, times: number): Image {
  const width = image.width * times, height = image.height * times;
  const from = new Uint32Array(image.data.slice().buffer);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const x = Math.floor(i % width / times), y = Math.floor(i / width / times);
    pixels[i] = from[y * image.width + x];
  }
  return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

/** Squares of `cell` pixels from the middles of images, in rows as long as the first one; alpha is ignored. */
export function sheetOf(rows: readonly (readonly Image[])[], cell: number): Image {
  const width = rows[0].length * cell, height = rows.length * cell;
  const data = new Uint8ClampedArray(4 * width * height);
  rows.forEach((row, y) =>
    row.forEach((image, x) =>
      copyMiddle(image, cell, data.subarray(4 * cell * (y * width + x)), width)
    )
  );
  return { width, height, data, channels: 3 };
}

function copyMiddle(image: Image, cell: number, target: Uint8ClampedArray, width: number): void {
  const left = (image.width - cell) >> 1, top = (image.height - cell) >> 1;
  for (let y = 0; y < cell; y++) {
    const start = 4 * ((top + y) * image.width + left);
    target.set(image.data.subarray(start, start + 4 * cell), 4 * y * width);
  }
}
