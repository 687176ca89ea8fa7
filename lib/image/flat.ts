/** Flat areas: where the input has exactly one colour, the result has it too. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";

/**
 * An area counts as flat if a square of 9 x 9 pixels fits in; blocks of 8 x 8 equal pixels, as strong JPEG compression
 * leaves them, do not count.
 */
const LARGE = 4;
/** The range in which the colour takes over: from a pixel at the edge of an area (0) to one that is two pixels away (1). */
const RAMP = { from: 0.25, to: 0.75 };

/**
 * Moves a result to the colour of its input in large areas of exactly one colour, up to two pixels from their
 * edges. Noise from a network would be visible there, and the input does not contain any.
 *
 * @param sr `[1, 3, height, width]`, changed in place.
 * @param lr The input, `[1, 3, h, w]`; the ratio of the sizes is a whole number.
 * @param reach Its flat areas.
 * @returns `sr`.
 */
export function flatten(sr: Tensor, lr: Tensor, reach = flatAreas(lr)): Tensor {
  if (!reach) return sr;
  const [, , height, width] = lr.dims;
  const [, , , wide] = sr.dims;
  const scale = wide / width;
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

/** 1 for pixels of the large flat areas of `[1, 3, h, w]` except those at their edges, 0 elsewhere; undefined if there are none. */
export function flatAreas(lr: Tensor): Uint8Array | undefined {
  if (!mayBeFlat(lr)) return undefined;
  const reach = largeOnly(flatReach(lr, LARGE), lr);
  return reach.includes(1) ? reach : undefined;
}

/**
 * Whether there may be a large area: if not, as in most photographs, a fifth of the pixels in each direction tells so. Even in
 * a corner of the image, a pixel that is `LARGE` pixels away from other colours lies in a square of one more that has one.
 */
function mayBeFlat({ data, dims: [, , height, width] }: Tensor): boolean {
  const side = LARGE + 1, area = height * width;
  if (width < side || height < side) return true;
  /** How many neighbours in this direction, among as many as the square has, have the same colour. */
  const alike = (i: number, step: number, most: number) => {
    let count = 0;
    for (let k = i + step; count < Math.min(LARGE, most); count++, k += step) {
      if (data[i] !== data[k] || data[area + i] !== data[area + k]) break;
      if (data[2 * area + i] !== data[2 * area + k]) break;
    }
    return count;
  };
  for (let y = 0; y < height; y += side) {
    for (let x = 0, i = y * width; x < width; x += side, i += side) {
      if (alike(i, 1, width - 1 - x) + alike(i, -1, x) < LARGE) continue;
      if (alike(i, width, height - 1 - y) + alike(i, -width, y) >= LARGE) return true;
    }
  }
  return false;
}

/** 1 for pixels of large areas except those at their edges; 0 elsewhere. */
function largeOnly(reach: Uint8Array, { data, dims: [, , height, width] }: Tensor): Uint8Array {
  const area = height * width;
  const large = new Uint8Array(area);
  const alike = (i: number, k: number) =>
    data[i] === data[k] && data[area + i] === data[area + k] &&
    data[2 * area + i] === data[2 * area + k];
  const queue = new Int32Array(area);
  let end = 0;
  const enter = (i: number) => {
    if (large[i]) return;
    large[i] = 1;
    queue[end++] = i;
  };
  reach.forEach((value, i) => value === LARGE && enter(i));
  for (let at = 0; at < end; at++) {
    const i = queue[at], x = i % width;
    if (x > 0 && alike(i, i - 1)) enter(i - 1);
    if (x + 1 < width && alike(i, i + 1)) enter(i + 1);
    if (i >= width && alike(i, i - width)) enter(i - width);
    if (i + width < area && alike(i, i + width)) enter(i + width);
  }
  return large.map((value, i) => reach[i] > 0 ? value : 0);
}

/** Distance from each pixel to the edge of its area, 0 to `most`; the image's border is not an edge. */
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

/** 1 where a pixel and its eight neighbours are equal. */
function differences({ data, dims: [, , height, width] }: Tensor): Uint8Array {
  const area = height * width;
  const same = new Uint8Array(area).fill(1);
  const differ = (i: number, k: number) => {
    for (let c = 0; c < 3 * area; c += area) if (data[c + i] !== data[c + k]) return true;
    return false;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const right = x + 1 < width, down = y + 1 < height;
      if (right && differ(i, i + 1)) same[i] = same[i + 1] = 0;
      if (down && differ(i, i + width)) same[i] = same[i + width] = 0;
      if (!right || !down) continue;
      if (differ(i, i + width + 1)) same[i] = same[i + width + 1] = 0;
      if (differ(i + 1, i + width)) same[i + 1] = same[i + width] = 0;
    }
  }
  return same;
}

/** Keeps a 1 if its eight neighbours are all 1. */
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

/** The weight of the colour at each pixel of the result: `reach`, 0 or 1, enlarged linearly. */
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
      data[i] = Math.min(1, Math.max(0, (value - RAMP.from) / (RAMP.to - RAMP.from)));
    }
  }
  return data;
}
