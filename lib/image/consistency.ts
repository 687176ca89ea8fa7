/**
 * Consistency with the input: a result that is shrunk again must give the image that it was made from.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import { axis } from "./axis.ts";
import { addResized, resize, type Size } from "./resize.ts";

/** How {@linkcode project} works. */
export interface ProjectOptions {
  /**
   * Largest number of corrections of an image. More than one is needed because a correction may leave the
   * range of colours.
   *
   * @default {8}
   */
  iterations?: number;
}

/**
 * Difference of one value, in a range of 2, that counts as zero: half a byte. The worst value decides, not the mean:
 * otherwise a part of an image would be corrected more often beside a difficult part than alone.
 */
const CLOSE = 1 / 255;

/** Corrections grow at most by this factor to make up for pixels that cannot change. */
const LEAST_SHARE = 0.25;

/**
 * Half the width of the bands. A low-resolution sample reaches 2 of its own pixels far when it is
 * made, and as far again when it is enlarged.
 */
const HALF = 4;

/** Width of the bands. */
const BAND = 2 * HALF + 1;

/**
 * Moves enlarged images to the nearest ones that shrink to `lr`: x += up(z), where z solves
 * down(up(z)) = lr - down(x), with the exact bicubic both ways; then clamps to -1 to 1, and repeats while
 * a difference remains.
 *
 * This is the limit of back-projection (Irani and Peleg 1991): down(up(.)) is a band
 * matrix for the rows and one for the columns. Besides `sr` it needs memory for one channel.
 *
 * @param sr Enlarged images `[n, 3, height, width]` in -1 to 1, changed in place.
 * @param lr The images they were made from, `[n, 3, h, w]`, or one `[1, 3, h, w]` for all.
 * @returns `sr`.
 * @throws {RangeError} If the sizes do not fit.
 */
export function project(sr: Tensor, lr: Tensor, options: ProjectOptions = {}): Tensor {
  const { iterations = 8 } = options;
  const [n, channels, srHeight, srWidth] = sr.dims;
  const [items, lrChannels, height, width] = lr.dims;
  const fits = channels === lrChannels && (items === n || items === 1);
  if (!fits || srHeight < height || srWidth < width) {
    throw new RangeError(`Cannot make [${sr.dims}] consistent with [${lr.dims}]: sizes do not fit`);
  }
  const rows = factors(thereAndBack(height, srHeight));
  const columns = factors(thereAndBack(width, srWidth));
  for (let i = 0; i < n * channels; i++) {
    const high = plane(sr, i), low = plane(lr, i % (items * channels));
    for (let k = 0; k < iterations; k++) {
      const missing = difference(low, high);
      if (largest(missing.data) < CLOSE) break;
      solve(missing, rows, columns);
      strengthen(missing, high);
      addResized(high, missing);
      clamp(high.data);
    }
  }
  return sr;
}

/** One channel of one image, `[1, 1, height, width]`, a view. */
function plane(pictures: Tensor, index: number): Tensor {
  const [, , height, width] = pictures.dims;
  const area = height * width;
  const data = pictures.data.subarray(index * area, (index + 1) * area);
  return { data, dims: [1, 1, height, width] };
}

/** lr - down(sr); low-resolution black and white also stand for values beyond them. */
function difference(low: Tensor, high: Tensor): Tensor {
  const result = resize(high, sizeOf(low));
  clamp(result.data);
  for (let i = 0; i < result.data.length; i++) result.data[i] = low.data[i] - result.data[i];
  return result;
}

/** Enlarges the correction where pixels at the end of the range cannot follow it, so that the others make up for them. */
function strengthen(correction: Tensor, high: Tensor): void {
  const brighter = share(high, 1, correction);
  const darker = share(high, -1, correction);
  const { data } = correction;
  for (let i = 0; i < data.length; i++) {
    const able = data[i] > 0 ? brighter[i] : darker[i];
    data[i] /= Math.min(1, Math.max(LEAST_SHARE, able));
  }
}

/** The fraction of the pixels under each low-resolution pixel that is not at this end of the range. */
function share(high: Tensor, end: 1 | -1, low: Tensor): Float32Array {
  if (!high.data.includes(end)) return new Float32Array(low.data.length).fill(1);
  const mask = new Float32Array(high.data.length);
  for (let i = 0; i < mask.length; i++) mask[i] = high.data[i] === end ? 0 : 1;
  return resize({ data: mask, dims: high.dims }, sizeOf(low)).data;
}

function sizeOf({ dims: [, , height, width] }: Tensor): Size {
  return { width, height };
}

function largest(data: Float32Array): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]));
  return most;
}

/** The matrix of down(up(.)) along one dimension: `BAND` values per row, with the diagonal in the middle. */
function thereAndBack(low: number, high: number): Float64Array {
  const up = axis(low, high), down = axis(high, low);
  const bands = new Float64Array(low * BAND);
  for (let row = 0; row < low; row++) {
    for (let k = down.starts[row]; k < down.starts[row + 1]; k++) {
      const x = down.first[row] + k - down.starts[row];
      for (let l = up.starts[x]; l < up.starts[x + 1]; l++) {
        const column = up.first[x] + l - up.starts[x];
        bands[row * BAND + HALF + column - row] += down.weights[k] * up.weights[l];
      }
    }
  }
  return bands;
}

/** Splits a band matrix into its triangular factors, in place (Doolittle, without pivots). */
function factors(bands: Float64Array): Float64Array {
  const size = bands.length / BAND;
  const at = (row: number, column: number) => row * BAND + HALF + column - row;
  for (let pivot = 0; pivot < size; pivot++) {
    const end = Math.min(size - 1, pivot + HALF);
    for (let row = pivot + 1; row <= end; row++) {
      const factor = bands[at(row, pivot)] /= bands[at(pivot, pivot)];
      for (let column = pivot + 1; column <= end; column++) {
        bands[at(row, column)] -= factor * bands[at(pivot, column)];
      }
    }
  }
  return bands;
}

/** Solves rows * z * columns^T = image for one plane, in place. */
function solve({ data, dims }: Tensor, rows: Float64Array, columns: Float64Array): void {
  const [, , height, width] = dims;
  for (let y = 0; y < height; y++) substitute(columns, data.subarray(y * width), 1);
  for (let x = 0; x < width; x++) substitute(rows, data.subarray(x), width);
}

/** Forward and backward substitution for one vector with values `stride` apart. */
function substitute(bands: Float64Array, vector: Float32Array, stride: number): void {
  const size = bands.length / BAND;
  for (let row = 0; row < size; row++) {
    let sum = vector[row * stride];
    for (let column = Math.max(0, row - HALF); column < row; column++) {
      sum -= bands[row * BAND + HALF + column - row] * vector[column * stride];
    }
    vector[row * stride] = sum;
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = vector[row * stride];
    const end = Math.min(size - 1, row + HALF);
    for (let column = row + 1; column <= end; column++) {
      sum -= bands[row * BAND + HALF + column - row] * vector[column * stride];
    }
    vector[row * stride] = sum / bands[row * BAND + HALF];
  }
}

function clamp(data: Float32Array): void {
  for (let i = 0; i < data.length; i++) {
    if (data[i] > 1) data[i] = 1;
    else if (data[i] < -1) data[i] = -1;
  }
}
