/** The quick benchmark: figures of an entry on a few images, beside those of bicubic. @module */

import { basename, join, resolve } from "node:path";
import { type FetchOptions, type Image, load, type ModelCard, readImage } from "../../mod.ts";
import { cropImage } from "../../lib/image/crop.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { lrPsnr } from "../../lib/metrics/consistency.ts";
import { diversity } from "../../lib/metrics/diversity.ts";
import type { Lpips } from "../../lib/metrics/lpips.ts";
import { isImageName } from "../formats.ts";
import { againstTruth, capped } from "./figures.ts";

/** High-resolution images. */
export interface QuickSet {
  /** Its name, such as `docs`. */
  readonly name: string;
  /** Paths, sorted by name. */
  readonly paths: readonly string[];
}

/** The figures. */
export interface Measured {
  /** Figures of the entry as `model.yml` keeps them. */
  readonly figures: Record<string, number>;
  /** Figures of exact bicubic. */
  readonly bicubic: Record<string, number>;
}

/** Photographs of this repository; its other images are made from them. */
const OWN = ["astronaut.png", "chelsea.png", "coffee.png"];

/** Number of seeds of generative entries: diversity needs two. */
const SEEDS = 2;

/** Digits after the decimal point, by figure. */
const DIGITS: Readonly<Record<string, number>> = {
  ...{ psnrY: 2, ssimY: 4, psnrRgb: 2, lpips: 4, lrPsnr: 2, colorError: 2, diversity: 2 },
};

/**
 * Finds the images of a folder, or of its folder `HR`.
 *
 * @param folder By default `docs/`, whose photographs are in the repository but not in the package.
 * @throws {Error} If there is no image.
 */
export async function quickSet(folder?: string): Promise<QuickSet> {
  const place = folder ?? new URL("../../docs", import.meta.url).pathname;
  const names = folder === undefined
    ? await namesOf(place, (name) => OWN.includes(name))
    : await namesOf(join(place, "HR"), isImageName);
  if (names.length > 0) {
    const below = folder === undefined ? place : join(place, "HR");
    return { name: basename(resolve(place)), paths: names.map((name) => join(below, name)) };
  }
  const own = await namesOf(place, isImageName);
  if (folder !== undefined && own.length > 0) {
    return { name: basename(resolve(place)), paths: own.map((name) => join(place, name)) };
  }
  throw new Error(
    `Cannot measure: there are no images in ${place}. Give --set with a folder of high-resolution images, ` +
      `or leave the measurement out with --no-measure`,
  );
}

async function namesOf(folder: string, takes: (name: string) => boolean): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      // macOS writes a file ._NAME beside every file on disks of other systems.
      if (!isDirectory && !name.startsWith(".") && takes(name)) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  return names.sort();
}

/**
 * Shrinks each image by the exact bicubic, enlarges it by the entry with the seeds 0 and 1, or once if it is
 * not generative, and takes the means over images and seeds.
 *
 * @throws {Error} If an image cannot be read, or is smaller than the scale.
 */
export async function measure(
  card: ModelCard,
  { paths }: QuickSet,
  { lpips, ...options }: FetchOptions & { lpips?: Lpips },
): Promise<Measured> {
  const { signal } = options;
  await using upscaler = await load(card, options);
  const seeds = upscaler.generative ? SEEDS : 1;
  const rows: Record<string, number>[] = [];
  const baseline: Record<string, number>[] = [];
  for (const path of paths) {
    const pair = await pairOf(path, card.scale);
    const samples: Image[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const { images: [image] } = await upscaler.upscale(pair.low, {
        ...upscaler.generative && { seed },
        signal,
      });
      samples.push(image);
      rows.push(await figuresOf(image, pair, card.scale, lpips));
    }
    if (seeds > 1) Object.assign(rows.at(-1)!, { diversity: diversity(samples) });
    const plain = resizeImage(pair.low, pair.truth);
    baseline.push(await figuresOf(plain, pair, card.scale, lpips));
  }
  const counts = { images: paths.length };
  return {
    figures: { ...counts, seeds, ...meansOf(rows) },
    bicubic: { ...counts, seeds: 1, ...meansOf(baseline) },
  };
}

/** An image cropped to a multiple of the scale, and the same image shrunk. */
async function pairOf(path: string, scale: number): Promise<{ low: Image; truth: Image }> {
  const high = await readImage(path);
  const [columns, rows] = [Math.floor(high.width / scale), Math.floor(high.height / scale)];
  if (columns < 1 || rows < 1) {
    throw new RangeError(
      `Cannot measure on ${path}: ${high.width}x${high.height} is smaller than the scale, ${scale}`,
    );
  }
  const truth = cropImage(high, { x: 0, y: 0, width: columns * scale, height: rows * scale });
  return { truth, low: resizeImage(truth, { width: columns, height: rows }) };
}

async function figuresOf(
  result: Image,
  { low, truth }: { low: Image; truth: Image },
  border: number,
  lpips?: Lpips,
): Promise<Record<string, number>> {
  return {
    ...await againstTruth(result, truth, border, lpips),
    lrPsnr: capped(lrPsnr(result, low)),
  };
}

/** Means of the figures over the rows that have them, rounded. */
function meansOf(rows: readonly Record<string, number>[]): Record<string, number> {
  const means: Record<string, number> = {};
  for (const [key, digits] of Object.entries(DIGITS)) {
    const values = rows.map((row) => row[key]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    means[key] = Number(mean.toFixed(digits));
  }
  return means;
}
