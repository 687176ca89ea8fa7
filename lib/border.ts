/** The frame around an image: networks see it mirrored, since zero padding leaves a ring of noise. @module */

import { folded } from "./image/axis.ts";
import { type Tensor, tensor } from "./tensor/tensor.ts";
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
 * Mirrored pixels of the source on each side. With four, the outermost four pixels of the result vary on nearly flat
 * colours as much as its middle does (0.85 and 0.82 of 255 for srdiff; 3.8 without a frame, 0.89 with two pixels). On
 * photographs, the outermost 16 pixels lose 0.15 dB without a frame and 0.04 dB with two pixels; six gain nothing and take
 * 3 % more time.
 */
const FRAME = 4;

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
  const from = Int32Array.from({ length: columns }, (_, x) => folded(x - left, width, "mirror"));
  for (let plane = 0; plane < n * channels; plane++) {
    for (let y = 0; y < rows; y++) {
      const row = (plane * height + folded(y - top, height, "mirror")) * width;
      const to = (plane * rows + y) * columns;
      for (let x = 0; x < columns; x++) framed.data[to + x] = source.data[row + from[x]];
    }
  }
  return framed;
}

/** Lengths, such as those of a frame or a window, on a grid `scale` times as fine. */
export function scaled<Lengths extends object>(lengths: Lengths, scale: number): Lengths {
  return Object.fromEntries(
    Object.entries(lengths).map(([name, length]) => [name, length * scale]),
  ) as Lengths;
}
