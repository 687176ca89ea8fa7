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
 * @param reach Its flat areas, by {@linkcode flatAreas}.
 * @returns `sr`.
 */
export function flatten(sr: Tensor, lr: Tensor, reach: Uint8Array): Tensor {
  const [, , height, width] = lr.dims, [, , , wide] = sr.dims;
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
  const inside = eroded(new Uint8Array(lr.data.length / 3).fill(1), lr);
  let core = inside;
  for (let depth = 1; depth < LARGE; depth++) core = eroded(core, lr);
  if (!core.includes(1)) return undefined;
  return spread(core, lr).map((value, i) => value & inside[i]);
}

/** Whether two pixels of `[1, 3, h, w]` have the same colour. */
function sameIn({ data }: Tensor): (i: number, k: number) => boolean {
  const area = data.length / 3;
  return (i, k) =>
    data[i] === data[k] && data[area + i] === data[area + k] &&
    data[2 * area + i] === data[2 * area + k];
}

/**
 * Whether there may be a large area. If there is none, as in most photographs, a fifth of the rows shows it. Even in a corner of
 * the image, a pixel that is `LARGE` pixels away from other colours lies in a square of one more.
 */
function mayBeFlat(lr: Tensor): boolean {
  const [, , height, width] = lr.dims;
  const alike = sameIn(lr);
  const run = (i: number, step: number, most: number) => {
    let pixels = 0;
    while (pixels < most && alike(i, i + step)) pixels++, i += step;
    return pixels;
  };
  for (let y = 0; y < height; y += LARGE + 1) {
    for (let x = 1, across = 1; x < width; x++) {
      const i = y * width + x;
      across = alike(i, i - 1) ? across + 1 : 1;
      if (across <= LARGE) continue;
      // The square's other rows have this colour too.
      const down = run(i, width, Math.min(LARGE, height - 1 - y));
      if (down + run(i, -width, Math.min(LARGE, y)) >= LARGE) return true;
    }
  }
  return Math.min(height, width) <= LARGE;
}

/** Spreads ones over all connected pixels of the same colour. */
function spread(core: Uint8Array, lr: Tensor): Uint8Array {
  const [, , height, width] = lr.dims;
  const area = height * width;
  const large = new Uint8Array(area);
  const alike = sameIn(lr);
  const queue = new Int32Array(area);
  let end = 0;
  const enter = (i: number) => {
    if (large[i]) return;
    large[i] = 1;
    queue[end++] = i;
  };
  core.forEach((value, i) => value && enter(i));
  for (let at = 0; at < end; at++) {
    const i = queue[at], x = i % width;
    if (x > 0 && alike(i, i - 1)) enter(i - 1);
    if (x + 1 < width && alike(i, i + 1)) enter(i + 1);
    if (i >= width && alike(i, i - width)) enter(i - width);
    if (i + width < area && alike(i, i + width)) enter(i + width);
  }
  return large;
}

/** Keeps a 1 if its eight neighbours are all 1 and have its colour; those beyond the image's border count as such. */
function eroded(mask: Uint8Array, lr: Tensor): Uint8Array {
  const [, , , width] = lr.dims;
  const alike = sameIn(lr);
  const rows = new Uint8Array(mask.length), both = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    const x = i % width;
    const left = x === 0 || mask[i - 1] && alike(i, i - 1);
    rows[i] = +(mask[i] && left && (x + 1 === width || mask[i + 1] && alike(i, i + 1)));
  }
  for (let i = 0; i < mask.length; i++) {
    const above = i < width || rows[i - width] && alike(i, i - width);
    const k = i + width;
    both[i] = +(rows[i] && above && (k >= rows.length || rows[k] && alike(i, k)));
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
