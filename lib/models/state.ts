/** The state of a diffusion: the residual over a base image, or the image itself. @module */

import { type Held, valuesOf } from "../tensor/held.ts";
import { mix, scaleBy } from "../tensor/linear.ts";
import { HeldNoise } from "../tensor/noise.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crop } from "../tensor/window.ts";
import type { Diffusion } from "../zoo/card.ts";
import type { Guide } from "./model.ts";

/** Converts between images and states, for one base image `[1, 3, H, W]`; states may be larger. */
export interface State {
  /**
   * The image of a clean state: (1 - fidelity) * base + fidelity * (the estimate of hr). If the state is spent, the image is written
   * over it; otherwise it may be the base itself.
   */
  image(x0: Tensor, fidelity: number, isSpent?: boolean): Tensor;
  /**
   * The base noised to a level: sqrt(alphaBar) * x0 of the base + sqrt(1 - alphaBar) * noise. It is written over the noise.
   */
  noised(alphaBar: number, noise: Tensor | Held): Promise<Tensor>;
  /** A clean state moved towards that of a guide, by the guide's weight. */
  guided(x0: Tensor, guide: Guide): Tensor;
}

/** The state x0 = residualScale * (hr - base), or residualScale * hr if the card's base is `none`. */
export function stateOver(base: Tensor, { residualScale, base: kind }: Diffusion): State {
  const isResidual = kind !== "none";
  const [, , height, width] = base.dims;
  return {
    image(x0, fidelity, isSpent = false) {
      const gain = fidelity / residualScale;
      const own = crop(x0, { x: 0, y: 0, width, height });
      const into = isSpent || own !== x0 ? own : undefined;
      return mix(isResidual ? 1 : 1 - fidelity, base, gain, own, into);
    },
    async noised(alphaBar, given) {
      const sigma = Math.sqrt(1 - alphaBar);
      // The residual of the base over itself is 0.
      if (isResidual && given instanceof HeldNoise) return await given.times(sigma).read();
      const noise = await valuesOf(given);
      if (isResidual) return scaleBy(sigma, noise, noise);
      const [, , rows, columns] = noise.dims;
      const image = crop(base, { x: 0, y: 0, width: columns, height: rows });
      return mix(Math.sqrt(alphaBar) * residualScale, image, sigma, noise, noise);
    },
    guided(x0, guide) {
      const result = tensor(x0.dims, x0.data.slice());
      for (let row = 0; row < 3 * height; row++) {
        const channel = Math.floor(row / height);
        const to = (row + channel * (x0.dims[2] - height)) * x0.dims[3];
        for (let x = 0, i = row * width; x < width; x++, i++) {
          const target = residualScale * (guide.image.data[i] - (isResidual ? base.data[i] : 0));
          const weight = guide.weight.data[i - channel * height * width];
          result.data[to + x] += weight * (target - result.data[to + x]);
        }
      }
      return result;
    },
  };
}
