/** What the latents of a flow can do. @module */

import {
  fuse,
  type Image,
  interpolateImages,
  renew,
  resizeImage,
  type Upscaler,
} from "../../mod.ts";
import { centralRect, cropImage } from "../../lib/image/crop.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { discMask } from "../abilities/disc.ts";
import { sheetOf } from "../sheet.ts";

/** Pixels of a side of every image; a multiple of the scale. */
const SIDE = 200;
/** Standard deviation of the noise that is removed again, in bytes. */
const NOISE = 12;

/**
 * Three rows: from one image to another by `interpolateImages()` (t = 0, 1/4 ... 1); a photograph, the same with
 * noise, what `renew()` makes of it at temperatures 0.9 and 0.5, and a sample; a photograph shrunk, its sample, the
 * reference, the mask and what `fuse()` makes.
 */
export async function latentsOf(entry: Upscaler, photographs: readonly Image[]): Promise<Image> {
  const [, from, to] = await Promise.all(photographs.map((image) => enlargedTo(entry, image)));
  const between: Image[] = [];
  for (const t of [0, 0.25, 0.5, 0.75, 1]) {
    between.push(await interpolateImages(entry, { from, to, t }));
  }
  return sheetOf([between, await renewals(entry, from), await fusions(entry, from, to)], SIDE);
}

/** The middle of a photograph, enlarged so that it has the detail of an image of this size. */
async function enlargedTo(entry: Upscaler, image: Image): Promise<Image> {
  const low = SIDE / entry.card.scale;
  const middle = cropImage(image, centralRect(image, low));
  return (await entry.upscale(middle, { seed: 0 })).images[0];
}

async function renewals(entry: Upscaler, clean: Image): Promise<Image[]> {
  const { data } = noise({ seed: 5, sample: 0, draw: 0 }, [1, 1, 1, clean.data.length]);
  const noisy = {
    ...clean,
    data: clean.data.map((value, i) => i % 4 === 3 ? value : value + NOISE * data[i]),
  };
  const low = shrunk(entry, clean);
  const [sample] = (await entry.upscale(low, { seed: 1 })).images;
  const [loud, quiet] = [0.9, 0.5].map((temperature) => renew(entry, noisy, { low, temperature }));
  return [clean, noisy, await loud, await quiet, sample];
}

async function fusions(entry: Upscaler, image: Image, reference: Image): Promise<Image[]> {
  const low = shrunk(entry, image), mask = discMask(image);
  const [plain] = (await entry.upscale(low, { seed: 1 })).images;
  return [image, plain, reference, mask, await fuse(entry, low, { reference, mask, seed: 1 })];
}

function shrunk({ card: { scale } }: Upscaler, { width, height, ...image }: Image): Image {
  return resizeImage({ ...image, width, height }, {
    width: width / scale,
    height: height / scale,
  });
}
