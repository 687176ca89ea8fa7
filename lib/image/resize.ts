/**
 * Bicubic resampling as MATLAB's `imresize(..., "bicubic")`: cubic convolution with a = -0.5, widened
 * by the scale when it shrinks (antialiasing), weights that sum to one.
 *
 * @module
 */

import { checkWhole } from "../checks.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type Axis, axis, type Edge } from "./axis.ts";
import type { Image } from "./image.ts";

/** Size of an image in pixels. */
export interface Size {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Longest side of an image: that of a PNG file. */
export const MOST_SIDE: number = 2 ** 31 - 1;

/** Options of {@linkcode resize} and {@linkcode resizeImage}. */
export interface ResizeOptions {
  /**
   * Samples beyond the border: `replicate` as in MATLAB when the usual test sets were made, `mirror` as in MATLAB today.
   *
   * @default {"replicate"}
   */
  edge?: Edge;
}

/**
 * Resizes a tensor of images in floating point, without rounding or clamping.
 *
 * @param source Images `[n, channels, height, width]`.
 * @param size Size of the result.
 * @returns New images `[n, channels, size.height, size.width]`.
 * @throws {TypeError} If a side is not a number.
 * @throws {RangeError} If it is not a whole number from 1 to 2^31 - 1.
 */
export function resize(source: Tensor, size: Size, options: ResizeOptions = {}): Tensor {
  checkSize(size);
  const [n, channels] = source.dims;
  const result = tensor([n, channels, size.height, size.width]);
  const area = size.height * size.width;
  eachResizedRow(source, size, options, (row, plane, y) => {
    result.data.set(row, plane * area + y * size.width);
  });
  return result;
}

/**
 * Resizes like {@linkcode resize}, adding each row to `target` instead of making a new tensor.
 *
 * @param target Images `[n, channels, height, width]`, changed in place.
 * @param source Images of any size with the same `n` and `channels`.
 */
export function addResized(target: Tensor, source: Tensor, options: ResizeOptions = {}): void {
  const [, , height, width] = target.dims;
  eachResizedRow(source, { height, width }, options, (row, plane, y) => {
    const offset = (plane * height + y) * width;
    for (let x = 0; x < width; x++) target.data[offset + x] += row[x];
  });
}

/**
 * Resizes an image in bytes: rounded half up after the rows and again after the columns, all four
 * channels alike. This is how the usual low-resolution test images were made.
 *
 * @returns A new image that keeps the colour information of `source`.
 * @throws {TypeError} If a side is not a number.
 * @throws {RangeError} If it is not a whole number from 1 to 2^31 - 1.
 */
export function resizeImage(source: Image, size: Size, options: ResizeOptions = {}): Image {
  checkSize(size);
  const { width, height } = size;
  if (columnsFirst(source, size)) {
    const narrow = resizeImage(source, { width, height: source.height }, options);
    return resizeImage(narrow, size, options);
  }
  const rows = axis(source.height, height, options.edge);
  const columns = axis(source.width, width, options.edge);
  const data = new Uint8ClampedArray(width * height * 4);
  const tall = new Float64Array(source.width * 4);
  const row = new Float64Array(width * 4);
  for (let y = 0; y < height; y++) {
    blendRows(source.data, 0, rows, y, tall);
    roundBytes(tall);
    blendColumns4(tall, columns, row);
    roundBytes(row);
    data.set(row, y * width * 4);
  }
  return { ...source, width, height, data };
}

/** Calls `write` with every row of the resized planes; the row is overwritten afterwards. */
function eachResizedRow(
  source: Tensor,
  size: Size,
  options: ResizeOptions,
  write: (row: Float64Array, plane: number, y: number) => void,
): void {
  const [n, channels, height, width] = source.dims;
  const rows = axis(height, size.height, options.edge);
  const columns = axis(width, size.width, options.edge);
  const tall = new Float64Array(width);
  const row = new Float64Array(size.width);
  for (let plane = 0; plane < n * channels; plane++) {
    for (let y = 0; y < size.height; y++) {
      blendRows(source.data, plane * height * width, rows, y, tall);
      blendColumns(tall, columns, row);
      write(row, plane, y);
    }
  }
}

/** Weighted sum of the input rows of output row `y`, into `out`. */
function blendRows(
  source: Uint8ClampedArray | Float32Array,
  offset: number,
  rows: Axis,
  y: number,
  out: Float64Array,
): void {
  const stride = out.length;
  let from = offset + rows.first[y] * stride;
  for (let k = rows.starts[y]; k < rows.starts[y + 1]; k++, from += stride) {
    const weight = rows.weights[k];
    if (k === rows.starts[y]) {
      for (let x = 0; x < stride; x++) out[x] = weight * source[from + x];
    } else {
      for (let x = 0; x < stride; x++) out[x] += weight * source[from + x];
    }
  }
}

/** Resamples one row of single values. */
function blendColumns(row: Float64Array, columns: Axis, out: Float64Array): void {
  const { first, starts, weights } = columns;
  for (let x = 0; x < out.length; x++) {
    let sum = 0;
    for (let k = starts[x], from = first[x]; k < starts[x + 1]; k++, from++) {
      sum += weights[k] * row[from];
    }
    out[x] = sum;
  }
}

/** Resamples one row of four interleaved channels. */
function blendColumns4(row: Float64Array, columns: Axis, out: Float64Array): void {
  const { first, starts, weights, outputs } = columns;
  for (let x = 0; x < outputs; x++) {
    let red = 0, green = 0, blue = 0, alpha = 0;
    for (let k = starts[x], from = first[x] * 4; k < starts[x + 1]; k++, from += 4) {
      const weight = weights[k];
      red += weight * row[from];
      green += weight * row[from + 1];
      blue += weight * row[from + 2];
      alpha += weight * row[from + 3];
    }
    out[x * 4] = red;
    out[x * 4 + 1] = green;
    out[x * 4 + 2] = blue;
    out[x * 4 + 3] = alpha;
  }
}

function roundBytes(row: Float64Array): void {
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.min(255, Math.max(0, Math.floor(row[i] + 0.5)));
  }
}

/** MATLAB takes the dimension that shrinks most first, and rows on a tie. */
function columnsFirst(from: Size, to: Size): boolean {
  const changesBoth = from.height !== to.height && from.width !== to.width;
  return changesBoth && to.width / from.width < to.height / from.height;
}

/**
 * Refuses a size that no image can have.
 *
 * @throws {TypeError} If a side is not a number.
 * @throws {RangeError} If it is not a whole number from 1 to 2^31 - 1.
 */
export function checkSize({ width, height }: Size): void {
  checkWhole("width", width, { from: 1, to: MOST_SIDE });
  checkWhole("height", height, { from: 1, to: MOST_SIDE });
}
