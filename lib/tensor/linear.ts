/**
 * Sums of tensors: plain loops, since a function call per value costs ten times as much, written to existing memory
 * if possible, since allocating memory takes longer than computing a sum.
 *
 * @module
 */

import { type Tensor, tensor } from "./tensor.ts";

/**
 * `a` x + `b` y, computed in doubles; x itself if that is the sum and nothing limits it.
 *
 * @param into Tensor for the result, which may be x or y; a new one if absent.
 * @param limit The sum is clamped to [-limit, limit], in the same pass.
 */
export function mix(
  a: number,
  x: Tensor,
  b: number,
  y: Tensor,
  into?: Tensor,
  limit = Infinity,
): Tensor {
  if (a === 1 && b === 0 && limit === Infinity) return x;
  const sum = into ?? tensor(x.dims);
  const { data } = sum;
  const p = x.data, q = y.data;
  if (limit === Infinity) { for (let i = 0; i < data.length; i++) data[i] = a * p[i] + b * q[i]; }
  else {
    // Squares, since V8 would box every value that is compared with a whole number.
    const most = limit * limit;
    for (let i = 0; i < data.length; i++) {
      const value = a * p[i] + b * q[i];
      data[i] = value * value > most ? Math.sign(value) * limit : value;
    }
  }
  return sum;
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
  for (let i = 0; i < data.length; i++) data[i] = a * p[i];
  return product;
}

/** Whether no value is NaN or infinite. */
export function allFinite({ data }: Pick<Tensor, "data">): boolean {
  // 0 * v is 0 or NaN. Four independent sums run faster than one.
  let a = 0, b = 0, c = 0, d = 0;
  const end = data.length - data.length % 4;
  for (let i = 0; i < end; i += 4) {
    a += 0 * data[i];
    b += 0 * data[i + 1];
    c += 0 * data[i + 2];
    d += 0 * data[i + 3];
  }
  for (let i = end; i < data.length; i++) a += 0 * data[i];
  return a + b + c + d === 0;
}
