/** Encodes an image as the latents that make it. @module */

import { mirrored, scaled } from "./border.ts";
import type { Image } from "./image/image.ts";
import { toTensor } from "./image/pixels.ts";
import type { EncodeInput, Encoding } from "./models/model.ts";
import type { Plan } from "./plan.ts";
import type { NoiseField } from "./tensor/noise.ts";
import type { Tensor } from "./tensor/tensor.ts";
import { crop } from "./tensor/window.ts";

/** One latent of an image. */
export interface Latent {
  /** Values `[1, channels, height, width]`, near standard normal for images like those of the training. */
  readonly values: Tensor;
  /** Position of the image's first pixel in them: the rest is the frame around it. */
  readonly frame: number;
}

/** An encoded image. */
export interface Encoded {
  /** The latents, by draw. */
  readonly latents: readonly Latent[];
  /** log |d latents / d image| of the image with its frame, in [-1, 1]. */
  readonly logDet: number;
  /**
   * Bits that one byte of the image would cost: -log2 of its density, times the width of a byte, for each of its
   * values (Theis et al. 2016, section 3.1, without the noise).
   */
  readonly bitsPerDimension: number;
}

/**
 * Encodes an image in one piece, with the frame that `enlarge()` would see around it.
 *
 * @param encode The `encode()` of the model.
 * @param plan A plan for `low`.
 * @throws {RangeError} If `high` is not as large as the result of `low`.
 */
export async function latentsOf(
  encode: (input: EncodeInput) => Promise<Encoding>,
  { low, high }: { low: Image; high: Image },
  plan: Plan,
): Promise<Encoded> {
  if (high.width !== plan.width || high.height !== plan.height) {
    throw new RangeError(
      `Cannot encode an image of ${high.width}x${high.height}: the result of ${low.width}x` +
        `${low.height} has ${plan.width}x${plan.height}`,
    );
  }
  const { frame, tiling, signal } = plan;
  const sides = { left: frame, top: frame, right: frame, bottom: frame };
  const lr = mirrored(toTensor(low).rgb, sides);
  const hr = mirrored(toTensor(high).rgb, scaled(sides, plan.width / plan.sourceWidth));
  const { latents, logDet } = await encode({ lr, hr, tiling, signal });
  const count = latents.reduce((sum, { values }) => sum + values.data.length, 0);
  const squares = latents.reduce(
    (sum, { values }) => values.data.reduce((sum, z) => sum + z * z, sum),
    0,
  );
  const logDensity = -0.5 * (squares + count * Math.log(2 * Math.PI)) + logDet;
  return {
    latents: latents.map(({ values, ratio }) => ({ values, frame: frame * ratio })),
    logDet,
    bitsPerDimension: -(logDensity / count + Math.log(2 / 255)) / Math.LN2,
  };
}

/** The noise that makes an encoded image again, in any regions and tiles. */
export function latentField(latents: readonly Latent[]): NoiseField {
  return ({ draw }, [, , height, width], origin) => {
    const { values, frame } = latents[draw];
    return crop(values, { x: origin.x + frame, y: origin.y + frame, width, height });
  };
}
