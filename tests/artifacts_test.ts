import { expect } from "expect";
import { existsSync } from "node:fs";
import type { Image } from "../lib/image/image.ts";
import { readImage } from "../lib/image/files/read.ts";
import { load } from "../lib/load.ts";
import { DEFAULT_MODEL } from "../lib/zoo/default.ts";

/** An image of one colour. */
function flat(width: number, height: number, color: readonly number[]): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set([...color, 255], 4 * i);
  return { width, height, data, channels: 3 };
}

for (const id of [DEFAULT_MODEL, "srdiff", "regression"]) {
  Deno.test(`${id} keeps flat colours flat, from the border to the middle`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    for (const color of [[255, 255, 255], [0, 0, 0], [128, 128, 128], [200, 60, 40]]) {
      const { images: [image] } = await upscaler.upscale(flat(24, 20, color));
      image.data.forEach((v, i) => expect(v).toBe(i % 4 === 3 ? 255 : color[i % 4]));
    }
  });

  Deno.test(`${id} has no ring of noise around an almost flat image`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    const source = flat(48, 48, [120, 130, 140]);
    for (let i = 0; i < source.data.length; i += 16) source.data[i]++; // not exactly flat
    const { images: [image] } = await upscaler.upscale(source);
    const sums = { ring: 0, rest: 0 }, counts = { ring: 0, rest: 0 };
    image.data.forEach((v, i) => {
      const x = (i >> 2) % 192, y = Math.floor((i >> 2) / 192);
      const depth = Math.min(x, y, 191 - x, 191 - y);
      const place = depth < 4 ? "ring" : depth >= 32 ? "rest" : undefined;
      if (i % 4 === 3 || !place) return;
      sums[place] += (v - [120, 130, 140][i % 4]) ** 2;
      counts[place]++;
    });
    const rms = (place: "ring" | "rest") => Math.sqrt(sums[place] / counts[place]);
    expect(rms("ring")).toBeLessThanOrEqual(1.3 * Math.max(0.5, rms("rest")));
  });
}

for (const id of [DEFAULT_MODEL, "srdiff"]) {
  Deno.test(`${id} keeps a gray image in RGB gray`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    const source = flat(20, 16, [0, 0, 0]);
    source.data.forEach((_, i) => {
      if (i % 4 < 3) source.data[i] = 97 * (i >> 2) % 256;
    });
    for (const channels of [3, undefined] as const) {
      for (const consistency of [false, true]) {
        const { images: [image] } = await upscaler.upscale({ ...source, channels }, {
          consistency,
        });
        expect(image.channels).toBe(3);
        image.data.forEach((v, i) => i % 4 < 3 && expect(v).toBe(image.data[i - i % 4]));
      }
    }
  });
}

const screenshot = new URL("../../shared/data/cases/screenshot.png", import.meta.url);

/** Marks the pixels that have no ink within two pixels. */
function farFromInk({ width, height, data }: Image): boolean[] {
  const isInk = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height &&
    [0, 1, 2].some((channel) => data[4 * (y * width + x) + channel] < 255);
  return Array.from({ length: width * height }, (_, i) => {
    const x = i % width, y = Math.floor(i / width);
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) if (isInk(x + dx, y + dy)) return false;
    }
    return true;
  });
}

for (const id of [DEFAULT_MODEL, "srdiff"]) {
  Deno.test({
    name: `${id} leaves white paper white around text (needs ../shared)`,
    ignore: !existsSync(screenshot),
    fn: async () => {
      await using upscaler = await load(id, { provider: "native", threads: 1 });
      const source = await readImage(screenshot);
      const { images: [image] } = await upscaler.upscale(source, { seed: 0 });
      const white = farFromInk(source);
      let marked = 0, all = 0;
      for (let i = 0; i < image.width * image.height; i++) {
        const x = i % image.width >> 2, y = Math.floor(i / image.width) >> 2;
        if (!white[y * source.width + x]) continue;
        all++;
        if ([0, 1, 2].some((channel) => image.data[4 * i + channel] < 252)) marked++;
      }
      expect(all).toBeGreaterThan(1000);
      expect(marked / all).toBeLessThanOrEqual(0.01);
    },
  });
}
