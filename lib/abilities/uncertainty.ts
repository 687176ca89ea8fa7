/** How much samples differ, pixel by pixel. @module */

import { checkObject, checkWhole } from "../checks.ts";
import type { ImageLike } from "../image/files/source.ts";
import type { Image } from "../image/image.ts";
import { checkWindow, deviationMap, type DeviationOptions } from "../metrics/calibration.ts";
import type { UpscaleOptions } from "../plan.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Upscaler } from "../upscaler.ts";
import { needOption } from "./_needs.ts";

/** Options of `uncertainty()`. */
export interface UncertaintyOptions extends UpscaleOptions, DeviationOptions {}

/** Result of `uncertainty()`. */
export interface Uncertainty {
  /** Mean of the samples, rounded. */
  mean: Image;
  /**
   * How much the samples differ around each pixel, in bytes (0 to 255): `[1, 1, H, W]`, from the variance of the
   * colours pooled over `window` (see `deviationMap()` of the metrics). Where it is large, the samples tend to be
   * wrong: it ranks the pixels, but is not a bound of the error.
   */
  deviation: Tensor;
}

/**
 * Draws several samples and measures how much they differ around each pixel.
 *
 * @param options `samples` is 5 unless given, and at least 2.
 * @throws {UnsupportedError} If the entry is not generative.
 * @throws {RangeError} If `samples` is 1, or the window is not from 0 to 1000.
 */
export async function uncertainty(
  upscaler: Upscaler,
  source: ImageLike,
  options: UncertaintyOptions = {},
): Promise<Uncertainty> {
  checkObject("options", options);
  const { window, samples = 5, ...rest } = options;
  needOption(upscaler, "samples", "compare samples");
  checkWindow({ window });
  checkWhole("samples", samples, { from: 2, to: 64 });
  const { images } = await upscaler.upscale(source, { ...rest, samples });
  const [first] = images;
  const mean = { ...first, data: new Uint8ClampedArray(first.data.length) };
  for (let i = 0; i < mean.data.length; i++) {
    mean.data[i] = images.reduce((sum, { data }) => sum + data[i], 0) / samples;
  }
  return { mean, deviation: deviationMap(images, { window }) };
}
