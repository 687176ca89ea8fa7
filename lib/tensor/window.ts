/** Cuts windows out of images in tensors. @module */

import { type Tensor, tensor } from "./tensor.ts";

/** A rectangle of whole pixels. */
export interface Rect {
  /** Column of the first pixel. */
  x: number;
  /** Row of the first pixel. */
  y: number;
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
}

/**
 * Crops `[n, channels, height, width]` to a window.
 *
 * Beyond the right and the lower edge the last pixel is repeated.
 *
 * @throws {RangeError} If the window starts outside.
 */
export function crop(source: Tensor, { x, y, width, height }: Rect): Tensor {
  const [n, channels, fromHeight, fromWidth] = source.dims;
  if (x < 0 || y < 0 || x >= fromWidth || y >= fromHeight) {
    throw new RangeError(`Cannot cut at (${x}, ${y}) out of a tensor of [${source.dims}]`);
  }
  if (width === fromWidth && height === fromHeight && x === 0 && y === 0) return source;
  const window = tensor([n, channels, height, width]);
  const inside = Math.min(width, fromWidth - x);
  for (let plane = 0; plane < n * channels; plane++) {
    for (let row = 0; row < height; row++) {
      const from = (plane * fromHeight + Math.min(y + row, fromHeight - 1)) * fromWidth + x;
      const to = (plane * height + row) * width;
      window.data.set(source.data.subarray(from, from + inside), to);
      window.data.fill(window.data[to + inside - 1], to + inside, to + width);
    }
  }
  return window;
}
