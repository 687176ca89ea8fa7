/** Works with the latents of images: encodes, interpolates, renews. @module */

import { checkNames } from "../checks.ts";
import { type Encoded, type Latent, latentField } from "../latents.ts";
import { UnsupportedError } from "../errors.ts";
import { readImage } from "../image/files/read.ts";
import type { ImageLike } from "../image/files/source.ts";
import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize.ts";
import { scaleBy } from "../tensor/linear.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Upscaler } from "../upscaler.ts";
import { checkShare } from "./_needs.ts";

/** Options of `encode()`. */
export interface LatentOptions {
  /**
   * The small image that belongs to the large one.
   *
   * @default {the large one, shrunk by bicubic}
   */
  low?: ImageLike;
  /** Aborts the work, which throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Finds the latents that make an image, and how likely it is.
 *
 * The image is processed in one piece: it takes as much memory as a tile of its size.
 *
 * @param high The image; without `low` its sides must be multiples of the scale.
 * @throws {UnsupportedError} If the entry is not a flow, or has no graph `forward`.
 * @throws {RangeError} If the sizes do not fit.
 */
export async function encode(
  upscaler: Upscaler,
  high: ImageLike,
  options: LatentOptions = {},
): Promise<Encoded> {
  checkNames(options, ["low", "signal"]);
  return (await encoded(upscaler, high, options)).found;
}

/** Options of `interpolateImages()`. */
export interface InterpolateImagesOptions {
  /** The image at t = 0. */
  from: ImageLike;
  /** The image at t = 1, as large as the other one. */
  to: ImageLike;
  /** Position between the two, 0 to 1. */
  t: number;
  /** Aborts the work, which throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Makes an image between two: their small versions are mixed, and their latents move along the great circle from one
 * to the other, so that images in between are as likely as the two.
 *
 * @throws {UnsupportedError} If the entry is not a flow, or has no graph `forward`.
 * @throws {RangeError} If the sizes differ, are not multiples of the scale, or `t` is not from 0 to 1.
 */
export async function interpolateImages(
  upscaler: Upscaler,
  options: InterpolateImagesOptions,
): Promise<Image> {
  checkNames(options, ["from", "to", "t", "signal"]);
  const { from, to, t, signal } = options;
  checkShare("t", t);
  const [first, second] = [await readImage(from, { signal }), await readImage(to, { signal })];
  if (first.width !== second.width || first.height !== second.height) {
    throw new RangeError(
      `Cannot go from ${first.width}x${first.height} to ${second.width}x${second.height}: the images ` +
        `must have the same size`,
    );
  }
  const lows = [first, second].map((image) => shrunk(upscaler, image));
  const a = await encoder(upscaler)(lows[0], first, { signal });
  const b = await encoder(upscaler)(lows[1], second, { signal });
  return await decode(
    upscaler,
    mixed(lows[0], lows[1], t),
    between(a.latents, b.latents, t),
    signal,
  );
}

/** Options of `renew()`. */
export interface RenewOptions extends LatentOptions {
  /**
   * Scale of the new latents, 0 to 1.
   *
   * @default {the card's}
   */
  temperature?: number;
}

/**
 * Renews an image by normalising its latents (Lugmayr et al. 2020, section 4.4): every channel gets the mean 0 and
 * the deviation `temperature` that latents of clean images have, which removes unlikely content such as noise.
 *
 * @param high The image; without `low` its sides must be multiples of the scale.
 * @throws {UnsupportedError} If the entry is not a flow, or has no graph `forward`.
 * @throws {RangeError} If the sizes do not fit, or the temperature is not from 0 to 1.
 */
export async function renew(
  upscaler: Upscaler,
  high: ImageLike,
  options: RenewOptions = {},
): Promise<Image> {
  checkNames(options, ["low", "temperature", "signal"]);
  const { temperature = upscaler.card.flow?.temperature ?? 1, signal } = options;
  checkShare("temperature", temperature);
  const { small, found: { latents } } = await encoded(upscaler, high, options);
  const normal = latents.map((latent) => ({
    ...latent,
    values: normalised(latent.values, temperature),
  }));
  return await decode(upscaler, small, normal, signal);
}

/** An encoded image, and its small version. */
async function encoded(
  upscaler: Upscaler,
  high: ImageLike,
  { low, signal }: LatentOptions,
): Promise<{ small: Image; found: Encoded }> {
  const large = await readImage(high, { signal });
  const small = low === undefined ? shrunk(upscaler, large) : await readImage(low, { signal });
  return { small, found: await encoder(upscaler)(small, large, { signal }) };
}

/** The image that latents make from a small one. */
export async function decode(
  upscaler: Upscaler,
  low: Image,
  latents: readonly Latent[],
  signal?: AbortSignal,
): Promise<Image> {
  const noise = latentField(latents);
  const { images } = await upscaler.upscale(low, { noise, temperature: 1, seed: 0, signal });
  return images[0];
}

/** The encoder of this upscaler. */
export function encoder({ card, encode }: Upscaler): NonNullable<Upscaler["encode"]> {
  if (encode) return encode;
  throw new UnsupportedError(
    `Cannot encode an image with ${card.id}: the family "${card.family}" cannot turn images into latents. ` +
      `Take an entry of the family srflow`,
  );
}

/** The small version of an image. */
function shrunk({ card: { scale } }: Upscaler, { width, height, ...image }: Image): Image {
  if (width % scale === 0 && height % scale === 0) {
    return resizeImage({ ...image, width, height }, {
      width: width / scale,
      height: height / scale,
    });
  }
  throw new RangeError(
    `Cannot make ${width}x${height} small by ${scale}: its sides are not multiples. Crop it, or give the ` +
      `small image`,
  );
}

/** Colours between those of two images. */
function mixed(a: Image, b: Image, t: number): Image {
  const data = a.data.map((value, i) => Math.round(value + t * (b.data[i] - value)));
  return { ...a, data };
}

/** A point on the great circle from one set of latents to the other; the length changes linearly. */
function between(a: readonly Latent[], b: readonly Latent[], t: number): Latent[] {
  const dot = (x: readonly Latent[], y: readonly Latent[]) =>
    x.reduce(
      (sum, { values: { data } }, i) =>
        data.reduce((sum, v, k) => sum + v * y[i].values.data[k], sum),
      0,
    );
  const [lengthA, lengthB] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(a, b) / (lengthA * lengthB || 1))));
  // Between almost equal latents the circle is a line.
  const [first, second] = angle < 1e-4
    ? [1 - t, t]
    : [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  const length = lengthA + t * (lengthB - lengthA);
  const [shareA, shareB] = [first * length / (lengthA || 1), second * length / (lengthB || 1)];
  return a.map(({ values, frame }, i) => ({
    frame,
    values: tensor(
      values.dims,
      values.data.map((v, k) => shareA * v + shareB * b[i].values.data[k]),
    ),
  }));
}

/** Gives every channel the mean 0 and a deviation. */
function normalised({ data, dims }: Tensor, deviation: number): Tensor {
  const area = dims[2] * dims[3];
  const result = scaleBy(1, { data, dims });
  for (let start = 0; start < data.length; start += area) {
    const plane = result.data.subarray(start, start + area);
    const mean = plane.reduce((sum, v) => sum + v, 0) / area;
    const variance = plane.reduce((sum, v) => sum + (v - mean) ** 2, 0) / area;
    const gain = deviation / Math.sqrt(Math.max(variance, 1e-12));
    for (let i = 0; i < area; i++) plane[i] = gain * (plane[i] - mean);
  }
  return result;
}
