/** The frame around an image: networks see it mirrored, since zero padding leaves a ring of noise. @module */

import { type Tensor, tensor } from "./tensor/tensor.ts";
import { crop } from "./tensor/window.ts";
import { alignUp, type Span, type Tiling } from "./tiling.ts";

/** Pixels added to a region on each side. */
export interface Sides {
  /** Columns before the first. */
  left: number;
  /** Rows above the first. */
  top: number;
  /** Columns after the last. */
  right: number;
  /** Rows below the last. */
  bottom: number;
}

/**
 * Number of mirrored pixels of the source. On flat colours the outermost four pixels of the result then differ
 * as much as its middle does (0.9 of 255 for srdiff; 3.9 without a frame). More pixels give no less.
 */
const FRAME = 6;

/** Pixels to mirror at each border; none if the network sees whole tiles, as its authors ran it. */
export function frameOf({ overlap, multiple, blended }: Tiling): number {
  return blended ? 0 : alignUp(Math.min(FRAME, overlap), multiple);
}

/** The frame of one region: only on sides that are the image's border. */
export function sidesOf(
  { row, column }: { row: Span; column: Span },
  { width, height }: { width: number; height: number },
  frame: number,
): Sides {
  return {
    left: column.start === 0 ? frame : 0,
    top: row.start === 0 ? frame : 0,
    right: column.start + column.size === width ? frame : 0,
    bottom: row.start + row.size === height ? frame : 0,
  };
}

/** Adds a frame of mirrored pixels to `[n, channels, height, width]`; the outermost pixels are repeated too. */
export function mirrored(source: Tensor, { left, top, right, bottom }: Sides): Tensor {
  if (!(left || top || right || bottom)) return source;
  const [n, channels, height, width] = source.dims;
  const framed = tensor([n, channels, top + height + bottom, left + width + right]);
  const [, , rows, columns] = framed.dims;
  const from = Int32Array.from({ length: columns }, (_, x) => folded(x - left, width));
  for (let plane = 0; plane < n * channels; plane++) {
    for (let y = 0; y < rows; y++) {
      const row = (plane * height + folded(y - top, height)) * width;
      const to = (plane * rows + y) * columns;
      for (let x = 0; x < columns; x++) framed.data[to + x] = source.data[row + from[x]];
    }
  }
  return framed;
}

/** Removes a frame that is `scale` times as wide. */
export function unframed(
  result: Tensor,
  { left, top, right, bottom }: Sides,
  scale: number,
): Tensor {
  const [, , height, width] = result.dims;
  return crop(result, {
    x: left * scale,
    y: top * scale,
    width: width - (left + right) * scale,
    height: height - (top + bottom) * scale,
  });
}

/** The frame on a grid `scale` times as fine. */
export function scaledSides({ left, top, right, bottom }: Sides, scale: number): Sides {
  return {
    left: left * scale,
    top: top * scale,
    right: right * scale,
    bottom: bottom * scale,
  };
}

/** The pixel within 0 ... count-1 that stands for pixel `index`. */
function folded(index: number, count: number): number {
  const period = ((index % (2 * count)) + 2 * count) % (2 * count);
  return period < count ? period : 2 * count - 1 - period;
}
