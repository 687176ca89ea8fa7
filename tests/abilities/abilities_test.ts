import { expect } from "expect";
import { UnsupportedError } from "../../lib/errors.ts";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { fuse, interpolateSeeds, uncertainty } from "../../mod.ts";
import { rankCorrelation } from "../../lib/metrics/calibration.ts";
import { deviationMap } from "../../lib/metrics/mod.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { load } from "../../lib/load.ts";
import { loadTiny } from "../_tiny.ts";
import { testPicture } from "../contracts/family.ts";

const low = toImage(testPicture(24, 32));

/** Mean squared difference of two images inside the mask. */
function error(a: Image, b: Image, mask: (x: number, y: number) => boolean = () => true): number {
  let sum = 0, count = 0;
  for (let i = 0; i < a.data.length; i++) {
    if (!mask((i >> 2) % a.width, Math.floor((i >> 2) / a.width))) continue;
    sum += (a.data[i] - b.data[i]) ** 2;
    count++;
  }
  return sum / count;
}

Deno.test("interpolateSeeds() goes from one seed's image to the other's", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
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

Deno.test("interpolateSeeds() refuses a t above 1, invalid seeds, and a model without noise", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const refused = (options: { from: number; to: number; t: number }) =>
    expect(interpolateSeeds(upscaler, low, options)).rejects.toThrow(RangeError);
  await refused({ from: 1, to: 2, t: 1.1 });
  await refused({ from: -1, to: 2, t: 0.5 });
  await refused({ from: 1, to: 0.5, t: 0.5 });
  await using regression = await loadTiny("regression-tiny");
  await expect(interpolateSeeds(regression, low, { from: 1, to: 2, t: 0.5 }))
    .rejects.toThrow(UnsupportedError);
});

/** Whether a pixel lies in the white rectangle of the mask. */
const inside = (x: number, y: number) => x >= 40 && x < 90 && y >= 24 && y < 72;
const mask = toImage({ dims: [1, 3, 96, 128], data: new Float32Array(3 * 96 * 128) });
mask.data.forEach((_, i) => mask.data[i] = inside((i >> 2) % 128, (i >> 9) % 96) ? 255 : 0);

/** The test picture reversed, at the size of the result: different content everywhere. */
const reference = ((picture) => {
  picture.data.reverse();
  return toImage(picture);
})(testPicture(96, 128));

Deno.test("fuse() takes the reference inside the mask and nothing outside", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
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
  await using upscaler = await loadTiny("srdiff-tiny");
  const { images: [plain] } = await upscaler.upscale(low, { seed: 3 });
  const fused = await fuse(upscaler, low, { reference, mask, seed: 3 });
  const edge = (x: number, y: number) => inside(x, y) && !inside(x - 1, y);
  const deep = (x: number, y: number) => inside(x, y) && inside(x - 12, y) && inside(x + 12, y);
  expect(error(fused, plain, edge)).toBeLessThan(error(fused, plain, deep) / 20);
});

Deno.test("fuse() refuses images of another size", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  await expect(fuse(upscaler, low, { reference: low, mask })).rejects.toThrow(/reference of 32x24/);
  await expect(fuse(upscaler, low, { reference, mask: low })).rejects.toThrow(/mask of 32x24/);
});

/** Whether two tensors hold the same values; `toEqual()` takes seconds for images. */
const same = (a: Tensor, b: Tensor) => a.data.every((value, i) => value === b.data[i]);

Deno.test("uncertainty() returns the mean and the pooled deviation of the samples", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const { images } = await upscaler.upscale(low, { seed: 1, samples: 3 });
  const { mean, deviation } = await uncertainty(upscaler, low, { seed: 1, samples: 3 });
  expect(deviation.dims).toEqual([1, 1, 96, 128]);
  expect(same(deviation, deviationMap(images))).toBe(true);
  const average = images[0].data.map((_, i) =>
    Math.round((images[0].data[i] + images[1].data[i] + images[2].data[i]) / 3)
  );
  expect(error({ ...mean, data: average }, mean)).toBe(0);
  const fine = await uncertainty(upscaler, low, { seed: 1, samples: 3, window: 0 });
  expect(same(fine.deviation, deviationMap(images, { window: 0 }))).toBe(true);
  expect(same(fine.deviation, deviation)).toBe(false);
});

Deno.test("uncertainty() draws five samples by default, and refuses a single one and a negative window", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const { images } = await upscaler.upscale(low, { seed: 1, samples: 5 });
  const { deviation } = await uncertainty(upscaler, low, { seed: 1 });
  expect(same(deviation, deviationMap(images))).toBe(true);
  await expect(uncertainty(upscaler, low, { samples: 1 })).rejects.toThrow(RangeError);
  await expect(uncertainty(upscaler, low, { window: -1 })).rejects.toThrow(RangeError);
});

/** The astronaut at 128x128, shrunk to 32x32 for the entry that ships. */
const truth = await readImage(new URL("../../docs/astronaut.png", import.meta.url));
const small = resizeImage(truth, { width: 32, height: 32 });

// bench:abilities measures the gain of pooling over a whole set; one small image need not show it.
Deno.test("uncertainty() of srdiff shows where the error is, with and without pooling", async () => {
  await using upscaler = await load("srdiff", { provider: "native", threads: 1 });
  for (const window of [undefined, 0]) {
    const { mean, deviation } = await uncertainty(upscaler, small, { seed: 0, window });
    const errors = new Float64Array(128 * 128);
    mean.data.forEach((value, i) => errors[i >> 2] += Math.abs(value - truth.data[i]));
    expect(rankCorrelation(Float64Array.from(deviation.data), errors)).toBeGreaterThan(0.2);
  }
});

Deno.test("interpolateSeeds() of srdiff moves steadily away from the first seed's image", async () => {
  await using upscaler = await load("srdiff", { provider: "native", threads: 1 });
  let first: Image | undefined, before = -1;
  for (let i = 0; i <= 8; i++) {
    const image = await interpolateSeeds(upscaler, small, { from: 0, to: 1, t: i / 8 });
    const distance = error(image, first ??= image);
    expect(distance).toBeGreaterThan(before);
    before = distance;
  }
});

Deno.test("fuse() of srdiff takes the reference inside the mask, and nothing outside", async () => {
  await using upscaler = await load("srdiff", { provider: "native", threads: 1 });
  const { images: [plain] } = await upscaler.upscale(small, { seed: 0 });
  const inside = (x: number, y: number) => x >= 32 && x < 96 && y >= 32 && y < 96;
  const data = truth.data.map((_, i) => inside((i >> 2) % 128, i >> 9) ? 255 : 0);
  const mask: Image = { width: 128, height: 128, data };
  const fused = await fuse(upscaler, small, { reference: truth, mask, seed: 0 });
  expect(error(fused, truth, inside)).toBeLessThan(error(plain, truth, inside) / 2);
  expect(error(fused, plain, (x, y) => !inside(x, y))).toBe(0);
});
