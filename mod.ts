/**
 * Generative image super-resolution: turns one photograph into sharper ones, four times as large.
 *
 * ```ts
 * import { encodeImage, load } from "jsr:@srzoo/core";
 *
 * await using upscaler = await load("srdiff");
 * const { images, seed } = await upscaler.upscale("docs/coffee.png", { samples: 2 });
 * const png = await encodeImage(images[0], { format: "png" });
 * console.log(`two images of ${images[0].width}x${images[0].height}, drawn with the seed ${seed}`);
 * console.log(`the first one takes ${png.length} bytes`);
 * ```
 *
 * @module
 */

export { type LibraryWorker, load, loadGenerator, type LoadOptions } from "./lib/load.ts";
export type { Upscaled, Upscaler } from "./lib/upscaler.ts";
export type { GenerateOptions, ImageGenerator } from "./lib/generator.ts";
export type { EntryOptions } from "./lib/entry.ts";
export type { Preview } from "./lib/enlarge.ts";
export type { Plan, Progress, UpscaleOptions } from "./lib/plan.ts";
export type { Regions } from "./lib/memory.ts";
export type { Span, Tiling } from "./lib/tiling.ts";
export type { FamilyOption, Guide } from "./lib/models/model.ts";
export { cascade, type Stage, type StageOptions } from "./lib/abilities/cascade.ts";
export {
  encode,
  interpolateImages,
  type InterpolateImagesOptions,
  type LatentOptions,
  renew,
  type RenewOptions,
} from "./lib/abilities/latents.ts";
export type { Encoded, Latent } from "./lib/latents.ts";
export { fuse, type FuseOptions } from "./lib/abilities/fuse.ts";
export { type InterpolateOptions, interpolateSeeds } from "./lib/abilities/interpolate.ts";
export {
  type Uncertainty,
  uncertainty,
  type UncertaintyOptions,
} from "./lib/abilities/uncertainty.ts";
export type { DeviationOptions } from "./lib/metrics/calibration.ts";

export { encodeImage, type EncodeImageOptions, toBlob } from "./lib/image/files/encode.ts";
export { readImage } from "./lib/image/files/read.ts";
export type { ReadImageOptions } from "./lib/image/files/read.ts";
export type { ByteSource, FileLike, ImageLike } from "./lib/image/files/source.ts";
export { type Drawable, toImageData } from "./lib/image/files/canvas.ts";
export type { Density, Image } from "./lib/image/image.ts";
export { resizeImage, type ResizeOptions, type Size } from "./lib/image/resize.ts";
export type { Edge } from "./lib/image/axis.ts";

export type { Codec, CodecLimits, EncodeOptions } from "./lib/image/files/codecs/codec.ts";
export type { InputFormat, OutputFormat } from "./lib/image/files/format.ts";

export type { Provider } from "./lib/runtime/session.ts";
export type { Precision } from "./lib/precision.ts";
export type { Refusal } from "./lib/runtime/providers.ts";
export type { SamplerName } from "./lib/diffusion/samplers/mod.ts";
export type { NoiseField, NoiseIndex, NoiseOrigin } from "./lib/tensor/noise.ts";
export type { Tensor } from "./lib/tensor/tensor.ts";
export * from "./lib/zoo/mod.ts";
export {
  DecodeError,
  IntegrityError,
  ManifestError,
  ModelNotFoundError,
  ProviderError,
  UnsupportedError,
} from "./lib/errors.ts";
