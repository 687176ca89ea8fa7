/** Samples of one image with the same options, judged one by one and together. @module */

import type { UpscaleOptions } from "../../mod.ts";
import { figuresOf, figuresOfSamples } from "../figures.ts";
import type { Pair } from "../protocols.ts";
import type { Measured, Study } from "./study.ts";

/** Seeds of every image: from 0 to one less than this. */
export const SEEDS = 3;

/** Figures of a sample of each seed. */
export async function samplesOf(
  { upscaler, signal, metricGraphs }: Study,
  pair: Pair,
  options: UpscaleOptions,
): Promise<Measured> {
  const samples = [], images = [];
  for (let seed = 0; seed < SEEDS; seed++) {
    const { images: [image] } = await upscaler.upscale(pair.low, { ...options, seed, signal });
    samples.push({
      seed,
      figures: await figuresOf(image, pair, upscaler.card.scale, metricGraphs),
    });
    images.push(image);
  }
  return { samples, together: figuresOfSamples(images, pair) };
}
