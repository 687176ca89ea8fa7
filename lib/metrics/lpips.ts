/** Learned perceptual distance (Zhang et al. 2018), version 0.1. @module */

import type { Image } from "../image/image.ts";
import { type OpenOptions, openSession } from "../runtime/providers.ts";
import type { Provider } from "../runtime/session.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { withSafeNorms } from "./_norms.ts";
import { checkPair } from "./_planes.ts";

/** An opened LPIPS graph. */
export interface Lpips extends AsyncDisposable {
  /** The provider that runs it. */
  readonly provider: Provider;
  /**
   * Distance of two images of one size, over all three colours and without a border; 0 for identical ones.
   *
   * @throws {RangeError} If the sizes differ, or are too small for the backbone.
   * @throws {Error} If the graph's score is NaN, which would spoil every mean.
   */
  distance(result: Image, truth: Image, options?: { signal?: AbortSignal }): Promise<number>;
}

/** Mean and standard deviation of ImageNet's red, green and blue in [0, 1]. */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
/** AlexNet's last layers have no pixel left of a smaller image. */
const SMALLEST = 32;

/**
 * Opens an LPIPS graph. Papers report the AlexNet backbone; `deno task lpips` makes the file.
 *
 * @param graph ONNX file with the inputs `ref` and `dist`, `[n, 3, h, w]`, ImageNet-normalised, and the
 * output `score`. If it divides by a bare norm, 1e-10 is added as in the reference implementation: a
 * zero vector of features stays zero.
 * @throws {SyntaxError} If it is not an ONNX file.
 * @throws {ProviderError} If no provider can run it.
 */
export async function openLpips(graph: Uint8Array, options?: OpenOptions): Promise<Lpips> {
  const session = await openSession({ name: "lpips", bytes: withSafeNorms(graph) }, options);
  return {
    provider: session.provider,
    async distance(result, truth, { signal } = {}) {
      checkPair(result, truth, 0);
      if (Math.min(truth.width, truth.height) < SMALLEST) {
        throw new RangeError(
          `Cannot measure LPIPS on ${truth.width}x${truth.height} pixels: ` +
            `it needs ${SMALLEST}x${SMALLEST}`,
        );
      }
      const inputs = { ref: normalised(truth), dist: normalised(result) };
      const { score } = await session.run(inputs, { signal });
      return score.data[0];
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** `[1, 3, h, w]`, normalised by ImageNet's mean and deviation. */
export function normalised({ width, height, data }: Image): Tensor {
  const area = width * height;
  const result = tensor([1, 3, height, width]);
  for (let channel = 0; channel < 3; channel++) {
    const factor = 1 / (255 * DEVIATION[channel]);
    const shift = MEAN[channel] / DEVIATION[channel];
    for (let i = 0; i < area; i++) {
      result.data[channel * area + i] = data[4 * i + channel] * factor - shift;
    }
  }
  return result;
}
