/** An image that shows what the latents of a flow can do. @module */

import {
  encode,
  fuse,
  type Image,
  interpolateImages,
  renew,
  resizeImage,
  type Upscaler,
} from "../../mod.ts";
import { centralRect, cropImage } from "../../lib/image/crop.ts";
import { type Latent, latentField } from "../../lib/latents.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { discMask } from "../abilities/disc.ts";
import { sheetOf } from "../sheet.ts";

/** Pixels of a side of every image; a multiple of the scale. */
const SIDE = 200;
/** Standard deviation of the noise that is removed again, in bytes. */
const NOISE = 12;

/** Bytes that show one standard deviation of a latent. */
const CONTRAST = 40;

/**
 * Draws four rows:
 *
 * - an image, its latent by `encode()`, the image that `upscale()` makes of the latent, the image with noise, its latent;
 * - `interpolateImages()` from one image to another, at t = 0, 1/4 ... 1;
 * - an image, the same with noise, the results of `renew()` at temperatures 0.9 and 0.5, a sample;
 * - an image, a sample of it, the reference, the mask, the result of `fuse()`.
 */
export async function latentsOf(entry: Upscaler, photographs: readonly Image[]): Promise<Image> {
  const [, from, to] = await Promise.all(photographs.map((image) => enlargedTo(entry, image)));
  const between: Image[] = [];
  for (const t of [0, 0.25, 0.5, 0.75, 1]) {
    between.push(await interpolateImages(entry, { from, to, t }));
  }
  const noisy = withNoise(from);
  return sheetOf([
    await encodings(entry, from, noisy),
    between,
    await renewals(entry, from, noisy),
    await fusions(entry, from, to),
  ], SIDE);
}

/** The middle of a photograph, enlarged to `SIDE` pixels, so that it has the detail of a result. */
async function enlargedTo(entry: Upscaler, image: Image): Promise<Image> {
  const low = SIDE / entry.card.scale;
  const middle = cropImage(image, centralRect(image, low));
  return (await entry.upscale(middle, { seed: 0 })).images[0];
}

function withNoise(image: Image): Image {
  const { data } = noise({ seed: 5, sample: 0, draw: 0 }, [1, 1, 1, image.data.length]);
  return {
    ...image,
    data: image.data.map((value, i) => i % 4 === 3 ? value : value + NOISE * data[i]),
  };
}

async function encodings(entry: Upscaler, clean: Image, noisy: Image): Promise<Image[]> {
  const low = shrunk(entry, clean), scale = entry.card.scale;
  const [{ latents }, other] = [
    await encode(entry, clean, { low }),
    await encode(entry, noisy, { low }),
  ];
  const { images: [again] } = await entry.upscale(low, {
    noise: latentField(latents),
    temperature: 1,
    seed: 0,
  });
  return [clean, shown(latents[0], scale), again, noisy, shown(other.latents[0], scale)];
}

/** The first latent as an image: its channels are unshuffled to pixels, and 0 is gray. */
function shown({ values: { data, dims }, frame }: Latent, scale: number): Image {
  const [, , height, width] = dims;
  const pixels = new Uint8ClampedArray(4 * SIDE * SIDE).fill(255);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const x = i % SIDE, y = Math.floor(i / SIDE);
    for (let c = 0; c < 3; c++) {
      const channel = (c * scale + y % scale) * scale + x % scale;
      const row = Math.floor(y / scale) + frame, column = Math.floor(x / scale) + frame;
      pixels[4 * i + c] = 128 + CONTRAST * data[(channel * height + row) * width + column];
    }
  }
  return { width: SIDE, height: SIDE, data: pixels, channels: 3 };
}

async function renewals(entry: Upscaler, clean: Image, noisy: Image): Promise<Image[]> {
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
