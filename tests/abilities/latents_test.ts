import { expect } from "expect";
import { encode, fuse, type Image, interpolateImages, interpolateSeeds, renew } from "../../mod.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { toImage, toTensor } from "../../lib/image/pixels.ts";
import { latentField } from "../../lib/latents.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { apart, loadTiny } from "../_tiny.ts";
import { testPicture } from "../contracts/family.ts";

/** A textured image without values near the ends of the range. */
const high = (height: number, width: number, shift = 0): Image => {
  const picture = testPicture(height, width + shift);
  const data = picture.data.filter((_, i) => i % (width + shift) >= shift).map((v) => 0.8 * v);
  return toImage(tensor([1, 3, height, width], Float32Array.from(data)));
};

const error = (a: Image, b: Image) =>
  a.data.reduce((sum, v, i) => sum + (v - b.data[i]) ** 2, 0) / a.data.length;

Deno.test("encode() finds latents that reproduce the image, whole and in tiles", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const large = high(4 * 50, 4 * 47);
  const low = resizeImage(large, { width: 47, height: 50 });
  const { latents } = await encode(upscaler, large);
  for (const options of [{}, { tile: 16 }]) {
    const again = { noise: latentField(latents), temperature: 1, seed: 0, ...options };
    const { images: [image] } = await upscaler.upscale(low, again);
    expect(apart(image, large)).toBeLessThanOrEqual(1);
  }
});

Deno.test("encode() recovers the latents that a sample was drawn with", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const low = toImage(testPicture(12, 16));
  const small = { ...low, data: low.data.map((v, i) => i % 4 === 3 ? 255 : 64 + v / 2) };
  const { images: [image] } = await upscaler.upscale(small, { seed: 3, temperature: 0.5 });
  const { latents, bitsPerDimension } = await encode(upscaler, image, { low: small });
  const [{ values, frame }] = latents;
  const wanted = noise({ seed: 3, sample: 0, draw: 0 }, values.dims, { x: -frame, y: -frame });
  // The frame around the image is mirrored, not drawn; inside, only rounding to bytes makes a difference.
  let [sum, count] = [0, 0];
  const [, , height, width] = values.dims;
  values.data.forEach((v, i) => {
    const x = i % width - frame, y = Math.floor(i / width) % height - frame;
    if (x < 0 || y < 0 || x >= 16 || y >= 12) return;
    sum += (v - 0.5 * wanted.data[i]) ** 2;
    count++;
  });
  expect(Math.sqrt(sum / count)).toBeLessThan(0.03);
  expect(Number.isFinite(bitsPerDimension)).toBe(true);
});

Deno.test("encode() rates a noisy image as less likely than a sample", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const low = toImage(testPicture(10, 10));
  const { images: [sample] } = await upscaler.upscale(low, { seed: 1, temperature: 1 });
  const { data } = noise({ seed: 9, sample: 0, draw: 0 }, [1, 1, 1, sample.data.length]);
  const noisy = { ...sample, data: sample.data.map((v, i) => i % 4 === 3 ? v : v + 60 * data[i]) };
  const bits = async (image: Image) => (await encode(upscaler, image, { low })).bitsPerDimension;
  expect(await bits(noisy)).toBeGreaterThan(await bits(sample) + 0.5);
});

Deno.test("interpolateImages() goes from one image to the other, and refuses sizes that do not fit", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const [from, to] = [high(48, 64), high(48, 64, 5)];
  const path: Image[] = [];
  for (const t of [0, 0.25, 0.5, 0.75, 1]) {
    path.push(await interpolateImages(upscaler, { from, to, t }));
  }
  expect(apart(path[0], from)).toBeLessThanOrEqual(1);
  expect(apart(path[4], to)).toBeLessThanOrEqual(1);
  path.forEach((image, i) => {
    if (i === 0) return;
    expect(error(image, from)).toBeGreaterThan(error(path[i - 1], from));
    expect(error(image, to)).toBeLessThan(error(path[i - 1], to));
  });
  const other = high(48, 60);
  await expect(interpolateImages(upscaler, { from, to: other, t: 0.5 })).rejects.toThrow(
    /same size/,
  );
  const odd = high(47, 64);
  await expect(interpolateImages(upscaler, { from: odd, to: odd, t: 0 })).rejects.toThrow(
    /multiples/,
  );
});

Deno.test("renew() removes noise from an image", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const low = toImage(testPicture(16, 16));
  const { images: [clean] } = await upscaler.upscale(low, { seed: 1, temperature: 0.5 });
  const { data } = noise({ seed: 9, sample: 0, draw: 0 }, [1, 1, 1, clean.data.length]);
  const noisy = { ...clean, data: clean.data.map((v, i) => i % 4 === 3 ? v : v + 40 * data[i]) };
  const renewed = await renew(upscaler, noisy, { low, temperature: 0.5 });
  expect(error(renewed, clean)).toBeLessThan(error(noisy, clean) / 2);
});

Deno.test("fuse() with a flow takes the reference inside the mask and nothing outside", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const low = toImage(testPicture(16, 20));
  const inside = (x: number, y: number) => x >= 24 && x < 60 && y >= 16 && y < 52;
  const reference = high(64, 80, 3);
  const mask = {
    ...reference,
    data: reference.data.map((_, i) => inside((i >> 2) % 80, Math.floor((i >> 2) / 80)) ? 255 : 0),
  };
  const { images: [plain] } = await upscaler.upscale(low, { seed: 2 });
  const draw = (strength?: number) => fuse(upscaler, low, { reference, mask, strength, seed: 2 });
  const within = (a: Image, b: Image, place: boolean) => {
    let sum = 0;
    a.data.forEach((v, i) => {
      if (inside((i >> 2) % 80, Math.floor((i >> 2) / 80)) === place) sum += (v - b.data[i]) ** 2;
    });
    return sum;
  };
  const [most, all, none] = [await draw(), await draw(1), await draw(0)];
  expect(within(most, plain, false)).toBe(0);
  expect(within(none, plain, true)).toBe(0);
  expect(within(most, reference, true)).toBeLessThan(within(plain, reference, true) / 2);
  expect(within(all, reference, true)).toBeLessThan(within(most, reference, true));
});

Deno.test("encode() says that srdiff cannot make latents, and interpolateSeeds() works with a flow", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  await expect(encode(upscaler, high(16, 16))).rejects.toThrow(/cannot turn images into latents/);
  await using flow = await loadTiny("srflow-tiny");
  const low = toImage(toTensor(toImage(testPicture(6, 6))).rgb);
  const between = await interpolateSeeds(flow, low, { from: 1, to: 2, t: 0 });
  expect(between).toEqual((await flow.upscale(low, { seed: 1 })).images[0]);
});
