/** Images without colour. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";
import { gray } from "./color.ts";
import type { Image } from "./image.ts";

/** Whether red, green and blue of every visible pixel are equal. */
export function hasGrayOnly({ data }: Image): boolean {
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 0 && (data[i] !== data[i + 1] || data[i] !== data[i + 2])) return false;
  }
  return true;
}

/** The colours of `[n, 3, height, width]` merged with BT.601 weights, the same in all three channels. */
export function asGray({ data, dims }: Tensor): Tensor {
  const result = tensor(dims);
  const area = dims[2] * dims[3];
  for (let start = 0; start < data.length; start += 3 * area) {
    for (let i = start; i < start + area; i++) {
      const value = gray(data[i], data[i + area], data[i + 2 * area]);
      result.data[i] = result.data[i + area] = result.data[i + 2 * area] = value;
    }
  }
  return result;
}
