/** Features and class probabilities of images, for FID and the Inception Score. @module */

import type { Image } from "../image/image.ts";
import { type OpenOptions, openSession } from "../runtime/providers.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { normalised } from "./lpips.ts";

/** The outputs of a feature graph for one image. */
export interface Features {
  /** One vector. */
  readonly features: Float32Array;
  /** Class probabilities, which sum to 1, if the graph has them. */
  readonly probabilities?: Float32Array;
}

/** An opened feature graph. */
export interface FeatureNetwork extends AsyncDisposable {
  /** Computes the features of one image. */
  features(image: Image, options?: { signal?: AbortSignal }): Promise<Features>;
}

/**
 * Opens a feature graph such as Inception v3, which `deno task inception` makes.
 *
 * @param graph ONNX file with the input `image`, `[n, 3, h, w]`, ImageNet-normalised, of any size (it resizes
 * itself), the output `features` `[n, size]`, and perhaps `probabilities` `[n, classes]`.
 * @throws {ProviderError} If no provider can run it.
 */
export async function openFeatures(
  graph: Uint8Array,
  options?: OpenOptions,
): Promise<FeatureNetwork> {
  const session = await openSession({ name: "features", bytes: graph }, options);
  return {
    async features(image, { signal } = {}) {
      const outputs = await session.run({ image: normalised(image) }, { signal });
      return { features: outputs.features.data, probabilities: outputs.probabilities?.data };
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/**
 * Stacks vectors of the same length as rows.
 *
 * @returns `[n, length]`.
 */
export function stacked(vectors: readonly Float32Array[]): Tensor {
  const [n, length] = [vectors.length, vectors[0]?.length ?? 0];
  const result = tensor([n, length]);
  vectors.forEach((vector, i) => result.data.set(vector, i * length));
  return result;
}
