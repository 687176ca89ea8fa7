/** The baseline without a network: exact bicubic. @module */

import { resize } from "../image/resize.ts";
import { release, type Tensor } from "../tensor/tensor.ts";
import type { Conditioned, Family } from "./model.ts";

/** Enlarges as MATLAB's `imresize` does; the only family without a graph. */
export const bicubic: Family = (card) => ({
  accepts: [],
  generative: false,
  calls: () => 0,
  async condition({ lr }) {
    // Networks run in another thread. Without one nothing else would let the event loop run, and no signal could arrive.
    await new Promise((done) => setTimeout(done));
    const [, , height, width] = lr.dims;
    const size = { width: width * card.scale, height: height * card.scale };
    return settled(resize(lr, size));
  },
});

/** An image with nothing left to draw: every sample is the estimate. */
export function settled(estimate: Tensor): Conditioned {
  return {
    estimate,
    dispose: () => release(estimate),
    async *sample() {
      yield { step: 1, steps: 1, image: () => Promise.resolve(estimate) };
      return estimate;
    },
  };
}
