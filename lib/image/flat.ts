/** Areas of one colour: what shrinks to exactly one colour is shown as that colour. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";

/**
 * Pixels around which an area must be of one colour: up to `from` nothing is done, from `to` on the result is
 * the colour. Blocks of 8 x 8 equal pixels, as strong JPEG leaves them, stay as the network has them.
 */
const REACH = { from: 4, to: 8 };

/**
 * Moves a result to the colour of its input where that is exactly flat: the 17 x 17 pixels around one are
 * alike. Noise that a network draws there would be visible, and nothing in the input asks for it.
 *
 * @param sr `[1, 3, height, width]`, changed in place.
 * @param lr What it was made from, `[1, 3, h, w]`; the ratio of the sizes is a whole number.
 * @returns `sr`.
 */
export function flatten(sr: Tensor, lr: Tensor): Tensor {
  const [, , height, width] = lr.dims;
  const [, , , wide] = sr.dims;
  const scale = wide / width;
  const reach = flatReach(lr, REACH.to);
  if (!reach.some((value) => value > REACH.from)) return sr;
  const share = shareOf(reach, height, width, scale);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height * scale; y++) {
      const low = (c * height + Math.floor(y / scale)) * width;
      const high = (c * height * scale + y) * wide;
      for (let x = 0; x < wide; x++) {
        const weight = share[y * wide + x];
        if (weight === 0) continue;
        const color = lr.data[low + Math.floor(x / scale)];
        sr.data[high + x] += weight * (color - sr.data[high + x]);
      }
    }
  }
  return sr;
}

/** How far the area of one colour around each pixel reaches, 0 to `most`; the border does not end it. */
function flatReach(lr: Tensor, most: number): Uint8Array {
  const [, , height, width] = lr.dims;
  // Distance to the nearest pixel that differs from a neighbour, one ring at a time.
  let inside = differences(lr);
  const reach = new Uint8Array(inside.length);
  for (let k = 0; k < most; k++) {
    let any = false;
    for (let i = 0; i < reach.length; i++) {
      reach[i] += inside[i];
      if (inside[i]) any = true;
    }
    if (!any) break;
    inside = eroded(inside, height, width);
  }
  return reach;
}

/** 1 where a pixel and its eight neighbours are alike. */
function differences({ data, dims: [, , height, width] }: Tensor): Uint8Array {
  const area = height * width;
  const same = new Uint8Array(area).fill(1);
  const differ = (i: number, k: number) => {
    for (let c = 0; c < 3 * area; c += area) if (data[c + i] !== data[c + k]) return true;
    return false;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width && differ(i, i + 1)) same[i] = same[i + 1] = 0;
      if (y + 1 < height && differ(i, i + width)) same[i] = same[i + width] = 0;
    }
  }
  return same;
}

/** Keeps what has only ones among its eight neighbours. */
function eroded(mask: Uint8Array, height: number, width: number): Uint8Array {
  const rows = new Uint8Array(mask.length), both = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    const x = i % width;
    rows[i] = mask[i] & (x > 0 ? mask[i - 1] : 1) & (x + 1 < width ? mask[i + 1] : 1);
  }
  for (let i = 0; i < mask.length; i++) {
    const above = i >= width ? rows[i - width] : 1;
    const below = i + width < height * width ? rows[i + width] : 1;
    both[i] = rows[i] & above & below;
  }
  return both;
}

/** The share of the colour at each pixel of the result: the reach, enlarged linearly, from 0 to 1. */
function shareOf(reach: Uint8Array, height: number, width: number, scale: number): Float32Array {
  const { dims: [, , rows, columns], data } = tensor([1, 1, height * scale, width * scale]);
  const at = (x: number, y: number) =>
    reach[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))];
  for (let y = 0, i = 0; y < rows; y++) {
    const v = (y + 0.5) / scale - 0.5, top = Math.floor(v), down = v - top;
    for (let x = 0; x < columns; x++, i++) {
      const u = (x + 0.5) / scale - 0.5, left = Math.floor(u), right = u - left;
      const above = at(left, top) + right * (at(left + 1, top) - at(left, top));
      const below = at(left, top + 1) + right * (at(left + 1, top + 1) - at(left, top + 1));
      const value = above + down * (below - above);
      data[i] = Math.min(1, Math.max(0, (value - REACH.from) / (REACH.to - REACH.from)));
    }
  }
  return data;
}
