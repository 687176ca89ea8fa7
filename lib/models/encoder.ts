/** Shared by families with an encoder, whose features stay where they were computed. @module */

import { disposeAll, type Held, valuesOf } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { overTiles, type TileOptions, type TileRun } from "../tiling.ts";

/** The outputs of an encoder for one image. */
export interface Encoded {
  /** The image with the least error, `[1, 3, H, W]`; absent if the encoder gives none, or was not asked for it. */
  estimate?: Tensor;
  /** All other outputs, which only other networks read; the caller disposes them. */
  features: Record<string, Tensor | Held>;
}

/**
 * Runs an encoder over an image.
 *
 * @param run Runs it on one tile of `lr`.
 * @param lr `[1, 3, h, w]`, padded to what the network takes.
 */
export async function encodeImage(
  run: TileRun<Held>,
  lr: Tensor,
  options: TileOptions,
): Promise<Encoded> {
  const { estimate, ...features } = await overTiles({ lr }, run, options);
  if (!estimate) return { features };
  try {
    return { estimate: await valuesOf(estimate, options.signal), features };
  } catch (error) {
    disposeAll(Object.values(features));
    throw error;
  } finally {
    disposeAll([estimate]);
  }
}
