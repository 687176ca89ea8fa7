/**
 * Sums of tensors: plain loops, since a function call per value costs ten times as much, written to existing memory
 * if possible, since allocating memory takes longer than computing a sum.
 *
 * A loop goes through the four quarters of its tensors side by side: these are rarely in a cache, and a processor gets
 * values from four places of its memory in half to two thirds of the time that it takes from one.
 *
 * @module
 */

import { type Tensor, tensor } from "./tensor.ts";

/**
 * `a` x + `b` y, computed in doubles; x itself if that is the sum, nothing limits it, and it need not be elsewhere.
 *
 * @param into Tensor for the result, which may be x or y; a new one if absent.
 * @param limit The sum is clamped to [-limit, limit].
 */
export function mix(
  a: number,
  x: Tensor,
  b: number,
  y: Tensor,
  into?: Tensor,
  limit = Infinity,
): Tensor {
  if (a === 1 && b === 0 && limit === Infinity && (!into || into === x)) return x;
  const sum = into ?? tensor(x.dims);
  const { data } = sum;
  const p = x.data, q = y.data;
  const quarter = data.length >> 2;
  let i = 0, j = quarter, k = 2 * quarter, l = 3 * quarter;
  for (; i < quarter; i++, j++, k++, l++) {
    data[i] = a * p[i] + b * q[i];
    data[j] = a * p[j] + b * q[j];
    data[k] = a * p[k] + b * q[k];
    data[l] = a * p[l] + b * q[l];
  }
  for (; l < data.length; l++) data[l] = a * p[l] + b * q[l];
  if (limit < Infinity) clamp(data, limit);
  return sum;
}

/** Clamps values to [-limit, limit], where they are. */
function clamp(data: Float32Array, limit: number): void {
  // Squares, since V8 would box every value that is compared with a whole number.
  const most = limit * limit;
  const quarter = data.length >> 2;
  let i = 0, j = quarter, k = 2 * quarter, l = 3 * quarter;
  for (; i < quarter; i++, j++, k++, l++) {
    if (data[i] * data[i] > most) data[i] = Math.sign(data[i]) * limit;
    if (data[j] * data[j] > most) data[j] = Math.sign(data[j]) * limit;
    if (data[k] * data[k] > most) data[k] = Math.sign(data[k]) * limit;
    if (data[l] * data[l] > most) data[l] = Math.sign(data[l]) * limit;
  }
  for (; l < data.length; l++) if (data[l] * data[l] > most) data[l] = Math.sign(data[l]) * limit;
}

/**
 * `a` x.
 *
 * @param into Tensor for the result, which may be x; a new one if absent.
 */
export function scaleBy(a: number, x: Tensor, into?: Tensor): Tensor {
  if (a === 1 && into === x) return x;
  const product = into ?? tensor(x.dims);
  const { data } = product;
  const p = x.data;
  const quarter = data.length >> 2;
  let i = 0, j = quarter, k = 2 * quarter, l = 3 * quarter;
  for (; i < quarter; i++, j++, k++, l++) {
    data[i] = a * p[i];
    data[j] = a * p[j];
    data[k] = a * p[k];
    data[l] = a * p[l];
  }
  for (; l < data.length; l++) data[l] = a * p[l];
  return product;
}

/** Whether no value is NaN or infinite. */
export function allFinite({ data }: Pick<Tensor, "data">): boolean {
  // 0 * v is 0 or NaN.
  let a = 0, b = 0, c = 0, d = 0;
  const quarter = data.length >> 2;
  let i = 0, j = quarter, k = 2 * quarter, l = 3 * quarter;
  for (; i < quarter; i++, j++, k++, l++) {
    a += 0 * data[i];
    b += 0 * data[j];
    c += 0 * data[k];
    d += 0 * data[l];
  }
  for (; l < data.length; l++) d += 0 * data[l];
  return a + b + c + d === 0;
}
