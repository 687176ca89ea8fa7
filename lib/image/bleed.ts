/** Colours for invisible pixels, so that their own do not leak into the edges. @module */

import type { Image } from "./image.ts";

/** Opacity below which a colour is invisible, but would become visible at an edge when enlarged. */
const VISIBLE = 8;

/**
 * Gives every invisible pixel the colour of the nearest visible ones: averages of blocks that are twice as large
 * in each pass, until each hidden pixel lies in a block with a visible one.
 *
 * @returns The image itself if no pixel or every pixel is hidden; otherwise a new one with the same opacity.
 */
export function bleed(image: Image): Image {
  const { data } = image;
  let left: number[] = [];
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] < VISIBLE) left.push(i);
  if (left.length === 0 || left.length === data.length / 4) return image;
  const filled = { ...image, data: new Uint8ClampedArray(data) };
  for (
    let block = halved(seen(image)), side = 2;
    left.length > 0;
    block = halved(block), side *= 2
  ) {
    left = left.filter((i) => {
      const x = i / 4 % image.width, y = Math.floor(i / 4 / image.width);
      const at = 4 * (Math.floor(y / side) * block.width + Math.floor(x / side));
      const weight = block.sums[at + 3];
      for (let c = 0; c < 3 && weight > 0; c++) filled.data[i + c] = block.sums[at + c] / weight;
      return weight === 0;
    });
  }
  return filled;
}

/** Sums of colour times opacity, and of opacity, for each block. */
interface Blocks {
  width: number;
  height: number;
  sums: Float64Array;
}

/** Blocks of one pixel. */
function seen({ width, height, data }: Image): Blocks {
  const sums = Float64Array.from(data, (value, i) => i % 4 === 3 ? value : value * data[i | 3]);
  for (let i = 3; i < sums.length; i += 4) if (data[i] < VISIBLE) sums.fill(0, i - 3, i + 1);
  return { width, height, sums };
}

/** Blocks twice as large. */
function halved({ width, height, sums }: Blocks): Blocks {
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const result = new Float64Array(4 * half.width * half.height);
  for (let i = 0; i < sums.length; i++) {
    const x = (i >> 2) % width, y = Math.floor((i >> 2) / width);
    result[4 * ((y >> 1) * half.width + (x >> 1)) + i % 4] += sums[i];
  }
  return { ...half, sums: result };
}
