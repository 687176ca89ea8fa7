/** Images between those of two seeds. @module */

import { checkObject } from "../checks.ts";
import type { ImageLike } from "../image/files/source.ts";
import type { Image } from "../image/image.ts";
import type { UpscaleOptions } from "../plan.ts";
import { checkSeed, noise, type NoiseField } from "../tensor/noise.ts";
import { mix } from "../tensor/linear.ts";
import type { Upscaler } from "../upscaler.ts";
import { checkShare, needOption } from "./_needs.ts";

/** Options of `interpolateSeeds()`. */
export interface InterpolateOptions extends Omit<UpscaleOptions, "seed" | "samples" | "noise"> {
  /** Seed of the image at t = 0. */
  from: number;
  /** Seed of the image at t = 1. */
  to: number;
  /** Position between the two, 0 to 1. */
  t: number;
}

/**
 * Makes an image between those of two seeds: at every draw, the noise is the point at `t` on the great circle from
 * one field to the other (fields of independent noise are orthogonal), which is standard normal again.
 *
 * @throws {UnsupportedError} If the entry is not generative.
 * @throws {RangeError} If a seed is invalid, or `t` is not from 0 to 1.
 */
export async function interpolateSeeds(
  upscaler: Upscaler,
  source: ImageLike,
  options: InterpolateOptions,
): Promise<Image> {
  checkObject("options", options);
  const { from, to, t, ...rest } = options;
  checkSeed(to);
  checkShare("t", t);
  needOption(upscaler, "noise", "interpolate between seeds");
  const between = onCircle(from, to, t);
  const { images } = await upscaler.upscale(source, { ...rest, seed: from, noise: between });
  return images[0];
}

/** The noise at `t` between the fields of two seeds. */
function onCircle(from: number, to: number, t: number): NoiseField {
  // A field has no angle to itself: there is nothing between.
  const a = from === to ? 1 : Math.cos(t * Math.PI / 2);
  const b = from === to ? 0 : Math.sin(t * Math.PI / 2);
  return (index, dims, origin) => {
    const first = noise({ ...index, seed: from }, dims, origin);
    const second = noise({ ...index, seed: to }, dims, origin);
    return mix(a, first, b, second);
  };
}
