/** Images between those of two seeds. @module */

import type { ImageLike } from "../image/files/source.ts";
import type { Image } from "../image/image.ts";
import type { UpscaleOptions } from "../plan.ts";
import { checkSeed, noise, type NoiseField } from "../tensor/noise.ts";
import { mix } from "../tensor/linear.ts";
import type { Upscaler } from "../upscaler.ts";
import { checkShare, needOption } from "./_needs.ts";

/** How `interpolateSeeds()` works. */
export interface InterpolateOptions extends Omit<UpscaleOptions, "seed" | "samples" | "noise"> {
  /** Seed of the image at t = 0. */
  from: number;
  /** Seed of the image at t = 1. */
  to: number;
  /** Where between the two, 0 to 1. */
  t: number;
}

/**
 * An image between those of two seeds: at every draw, the noise is the point at `t` on the great circle from
 * one field to the other (fields of independent noise stand at right angles), which is standard normal again.
 *
 * @throws {UnsupportedError} If the entry draws nothing.
 * @throws {RangeError} If a seed is not one, or `t` is not from 0 to 1.
 */
export async function interpolateSeeds(
  upscaler: Upscaler,
  source: ImageLike,
  options: InterpolateOptions,
): Promise<Image> {
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
  // The same field twice stands at no angle: there is nothing between.
  const a = from === to ? 1 : Math.cos(t * Math.PI / 2);
  const b = from === to ? 0 : Math.sin(t * Math.PI / 2);
  return (index, dims, origin) => {
    const first = noise({ ...index, seed: from }, dims, origin);
    const second = noise({ ...index, seed: to }, dims, origin);
    return mix(a, first, b, second);
  };
}
