import { expect } from "expect";
import { UnsupportedError } from "../lib/errors.ts";
import type { Image } from "../lib/image/image.ts";
import { toImage } from "../lib/image/pixels.ts";
import { fuse, interpolateSeeds, uncertainty } from "../lib/latent.ts";
import { deviationMap } from "../lib/metrics/mod.ts";
import { load, type Upscaler } from "../lib/upscaler.ts";
import { readTiny, testPicture } from "./contracts/family.ts";

async function open(id: string): Promise<Upscaler> {
  const { folder } = await readTiny(id);
  return await load(new URL("model.yml", folder), { provider: "native", threads: 1 });
}

const low = toImage(testPicture(24, 32));

/** Mean squared difference of two pictures where the mask says so. */
function error(a: Image, b: Image, mask: (x: number, y: number) => boolean = () => true): number {
  let sum = 0, count = 0;
  for (let i = 0; i < a.data.length; i++) {
    if (!mask((i >> 2) % a.width, Math.floor((i >> 2) / a.width))) continue;
    sum += (a.data[i] - b.data[i]) ** 2;
    count++;
  }
  return sum / count;
}

Deno.test("interpolateSeeds() leads from one seed's picture to the other's", async () => {
  await using upscaler = await open("srdiff-tiny");
  const [a, b] = [
    (await upscaler.upscale(low, { seed: 1 })).images[0],
    (await upscaler.upscale(low, { seed: 2 })).images[0],
  ];
  const path: Image[] = [];
  for (let i = 0; i <= 8; i++) {
    path.push(await interpolateSeeds(upscaler, low, { from: 1, to: 2, t: i / 8 }));
  }
  expect(path[0]).toEqual(a);
  expect(error(path[8], b)).toBeLessThan(0.5); // cos(pi/2) is not quite 0
  const distances = path.map((image) => error(image, a));
  distances.forEach((d, i) => expect(d).toBeGreaterThanOrEqual(distances[i - 1] ?? 0));
  expect(await interpolateSeeds(upscaler, low, { from: 1, to: 1, t: 0.5 })).toEqual(a);
});

Deno.test("interpolateSeeds() refuses what can't be between two seeds", async () => {
  await using upscaler = await open("srdiff-tiny");
  const refused = (options: { from: number; to: number; t: number }) =>
    expect(interpolateSeeds(upscaler, low, options)).rejects.toThrow(RangeError);
  await refused({ from: 1, to: 2, t: 1.1 });
  await refused({ from: -1, to: 2, t: 0.5 });
  await refused({ from: 1, to: 0.5, t: 0.5 });
  await using regression = await open("regression-tiny");
  await expect(interpolateSeeds(regression, low, { from: 1, to: 2, t: 0.5 }))
    .rejects.toThrow(UnsupportedError);
});

/** White in a rectangle in the middle. */
const inside = (x: number, y: number) => x >= 40 && x < 90 && y >= 24 && y < 72;
const mask = toImage({ dims: [1, 3, 96, 128], data: new Float32Array(3 * 96 * 128) });
mask.data.forEach((_, i) => mask.data[i] = inside((i >> 2) % 128, (i >> 9) % 96) ? 255 : 0);

/** The source upside down, as large as the result: other content everywhere. */
const reference = ((picture) => {
  picture.data.reverse();
  return toImage(picture);
})(testPicture(96, 128));

Deno.test("fuse() takes the reference inside the mask and nothing outside", async () => {
  await using upscaler = await open("srdiff-tiny");
  const { images: [plain] } = await upscaler.upscale(low, { seed: 3 });
  const fused = await fuse(upscaler, low, { reference, mask, seed: 3 });
  expect(error(fused, plain, (x, y) => !inside(x, y))).toBe(0);
  const before = error(plain, reference, inside), after = error(fused, reference, inside);
  expect(after).toBeLessThan(before / 4);
  const none = await fuse(upscaler, low, { reference, mask, seed: 3, strength: 0 });
  expect(error(none, plain)).toBe(0);
  const all = await fuse(upscaler, low, { reference, mask, seed: 3, strength: 1 });
  expect(error(all, reference, inside)).toBeLessThan(after);
});

Deno.test("fuse() has no jump at the edge of the mask", async () => {
  await using upscaler = await open("srdiff-tiny");
  const { images: [plain] } = await upscaler.upscale(low, { seed: 3 });
  const fused = await fuse(upscaler, low, { reference, mask, seed: 3 });
  const edge = (x: number, y: number) => inside(x, y) && !inside(x - 1, y);
  const deep = (x: number, y: number) => inside(x, y) && inside(x - 12, y) && inside(x + 12, y);
  expect(error(fused, plain, edge)).toBeLessThan(error(fused, plain, deep) / 20);
});

Deno.test("fuse() refuses pictures of another size", async () => {
  await using upscaler = await open("srdiff-tiny");
  await expect(fuse(upscaler, low, { reference: low, mask })).rejects.toThrow(/reference of 32x24/);
  await expect(fuse(upscaler, low, { reference, mask: low })).rejects.toThrow(/mask of 32x24/);
});

Deno.test("uncertainty() is the mean and the pooled deviation of the samples", async () => {
  await using upscaler = await open("srdiff-tiny");
  const { images } = await upscaler.upscale(low, { seed: 1, samples: 3 });
  const { mean, deviation } = await uncertainty(upscaler, low, { seed: 1, samples: 3 });
  expect(deviation).toEqual(deviationMap(images));
  for (let i = 0; i < mean.data.length; i++) {
    const average = (images[0].data[i] + images[1].data[i] + images[2].data[i]) / 3;
    expect(Math.abs(mean.data[i] - average)).toBeLessThanOrEqual(0.5);
  }
  const fine = await uncertainty(upscaler, low, { seed: 1, samples: 3, window: 0 });
  expect(fine.deviation).toEqual(deviationMap(images, { window: 0 }));
  expect(fine.deviation).not.toEqual(deviation);
});

Deno.test("uncertainty() draws five samples, and refuses one and a window below 0", async () => {
  await using upscaler = await open("srdiff-tiny");
  const { images } = await upscaler.upscale(low, { seed: 1, samples: 5 });
  expect((await uncertainty(upscaler, low, { seed: 1 })).deviation).toEqual(deviationMap(images));
  await expect(uncertainty(upscaler, low, { samples: 1 })).rejects.toThrow(RangeError);
  await expect(uncertainty(upscaler, low, { window: -1 })).rejects.toThrow(RangeError);
});
