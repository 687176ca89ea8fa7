/** Steering a diffusion towards the content of an image. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Diffusion } from "../zoo/card.ts";
import type { Guide } from "./model.ts";

/** Moves x0 towards the state of a guide, by its weight. */
export function guided(x0: Tensor, diffusion: Diffusion, base: Tensor, guide: Guide): Tensor {
  const [, , height, width] = base.dims;
  const { residualScale } = diffusion;
  const over = diffusion.base === "none" ? 0 : 1;
  const result = tensor(x0.dims, x0.data.slice());
  for (let row = 0; row < 3 * height; row++) {
    const channel = Math.floor(row / height);
    const to = (row + channel * (x0.dims[2] - height)) * x0.dims[3];
    for (let x = 0, i = row * width; x < width; x++, i++) {
      const target = residualScale * (guide.image.data[i] - over * base.data[i]);
      const weight = guide.weight.data[i - channel * height * width];
      result.data[to + x] += weight * (target - result.data[to + x]);
    }
  }
  return result;
}
