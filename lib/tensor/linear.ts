/** Sums of tensors: plain loops, since a function called for each value costs ten times as much. @module */

import { type Tensor, tensor } from "./tensor.ts";

/** A new tensor of `a` x + `b` y, computed in doubles; both have the same sizes. */
export function mix(a: number, x: Tensor, b: number, y: Tensor): Tensor {
  const sum = tensor(x.dims);
  for (let i = 0; i < sum.data.length; i++) sum.data[i] = a * x.data[i] + b * y.data[i];
  return sum;
}

/** A new tensor of `a` x. */
export function scaleBy(a: number, x: Tensor): Tensor {
  const product = tensor(x.dims);
  for (let i = 0; i < product.data.length; i++) product.data[i] = a * x.data[i];
  return product;
}

/** Clamps to [-limit, limit], in place. */
export function clamp(x: Tensor, limit: number): Tensor {
  const { data } = x;
  for (let i = 0; i < data.length; i++) {
    if (data[i] > limit) data[i] = limit;
    else if (data[i] < -limit) data[i] = -limit;
  }
  return x;
}
