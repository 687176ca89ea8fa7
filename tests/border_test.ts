import { expect } from "expect";
import { mirrored, sidesOf, unframed } from "../lib/border.ts";
import { load } from "../lib/upscaler.ts";
import type { Image } from "../lib/image/image.ts";
import { tensor } from "../lib/tensor/tensor.ts";

Deno.test("mirrored() repeats the outermost pixels first, any number of times", () => {
  const row = tensor([1, 1, 1, 3], Float32Array.of(1, 2, 3));
  const framed = mirrored(row, { left: 4, top: 1, right: 2, bottom: 0 });
  expect(framed.dims).toEqual([1, 1, 2, 9]);
  expect([...framed.data.subarray(0, 9)]).toEqual([3, 3, 2, 1, 1, 2, 3, 3, 2]);
  expect([...framed.data.subarray(9)]).toEqual([...framed.data.subarray(0, 9)]);
  expect(unframed(framed, { left: 4, top: 1, right: 2, bottom: 0 }, 1).data).toEqual(row.data);
});

Deno.test("sidesOf() frames a region only where it stands at the border", () => {
  const span = (start: number, size: number) => ({ start, size, from: 0, to: 0, feather: 0 });
  const size = { width: 50, height: 20 };
  expect(sidesOf({ row: span(0, 20), column: span(30, 20) }, size, 6)).toEqual(
    { left: 0, top: 6, right: 6, bottom: 6 },
  );
});

/** An image of one colour. */
function flat(width: number, height: number, color: readonly number[]): Image {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set([...color, 255], 4 * i);
  return { width, height, data, channels: 3 };
}

for (const id of ["srdiff", "regression"]) {
  Deno.test(`${id} shows flat colours flat, from the border to the middle`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    for (const color of [[255, 255, 255], [0, 0, 0], [128, 128, 128], [200, 60, 40]]) {
      const { images: [image] } = await upscaler.upscale(flat(24, 20, color));
      image.data.forEach((v, i) => expect(v).toBe(i % 4 === 3 ? 255 : color[i % 4]));
    }
  });

  Deno.test(`${id} has no ring of noise around an almost flat image`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    const source = flat(48, 48, [120, 130, 140]);
    for (let i = 0; i < source.data.length; i += 16) source.data[i]++; // nothing is exactly flat
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

Deno.test("an input whose colours are equal gives equal colours", async () => {
  await using upscaler = await load("srdiff", { provider: "native", threads: 1 });
  const source = flat(20, 16, [0, 0, 0]);
  source.data.forEach((_, i) => {
    if (i % 4 < 3) source.data[i] = 97 * (i >> 2) % 256;
  });
  for (const channels of [3, undefined] as const) {
    for (const consistency of [false, true]) {
      const { images: [image] } = await upscaler.upscale({ ...source, channels }, { consistency });
      expect(image.channels).toBe(3);
      image.data.forEach((v, i) => i % 4 < 3 && expect(v).toBe(image.data[i - i % 4]));
    }
  }
});
