/**
 * Metrics of images: distances to the truth, to the source, and between samples.
 *
 * ```ts
 * import { psnrY, ssimY } from "jsr:@srzoo/core/metrics";
 *
 * const truth = { width: 16, height: 16, data: new Uint8ClampedArray(1024).fill(128) };
 * const result = { width: 16, height: 16, data: new Uint8ClampedArray(1024).fill(130) };
 * console.log(psnrY(result, truth).toFixed(2), "dB", ssimY(result, truth).toFixed(4));
 * ```
 *
 * @module
 */

export type { Image } from "../image/image.ts";
export type { OpenOptions } from "../runtime/providers.ts";
export type { Provider } from "../runtime/session.ts";
export type { Tensor } from "../tensor/tensor.ts";
export { deviationMap, type DeviationOptions, errorCorrelation } from "./calibration.ts";
export { colorError } from "./color.ts";
export { lrPsnr } from "./consistency.ts";
export { diversity, gainOfMean } from "./diversity.ts";
export { type FeatureNetwork, type Features, openFeatures, stacked } from "./features.ts";
export { frechetDistance, type Gaussian, gaussianOf, type Tensor64 } from "./frechet.ts";
export { type InceptionScore, inceptionScore } from "./inception.ts";
export { type Lpips, openLpips } from "./lpips.ts";
export { niqe, type NiqeModel } from "./niqe.ts";
export { type BorderOptions, decibels, psnrRgb, psnrY, squaredError } from "./psnr.ts";
export { ssimY } from "./ssim.ts";
