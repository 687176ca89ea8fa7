import { expect } from "expect";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { resize, resizeImage } from "../../lib/image/resize.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";
import { data, hasData } from "./_data.ts";

/** The top left part of an image. */
function cropped(image: Image, width: number, height: number): Image {
  const result = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = y * image.width * 4;
    result.set(image.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { width, height, data: result };
}

for (const set of ["Set5", "Set14", "BSD100", "CID22val"]) {
  for (const scale of [4, 8]) {
    Deno.test({
      name: `resizeImage() reproduces every image of ${set} shrunk by ${scale} bit for bit`,
      ignore: !hasData,
      async fn() {
        const folder = new URL(`eval/${set}/`, data);
        const wrong: string[] = [];
        let images = 0;
        for await (const { name } of Deno.readDir(new URL(`LRx${scale}/`, folder))) {
          const low = await readImage(new URL(`LRx${scale}/${name}`, folder));
          const high = await readImage(new URL(`HR/${name}`, folder));
          const made = resizeImage(cropped(high, low.width * scale, low.height * scale), low);
          if (made.data.some((byte, i) => byte !== low.data[i])) wrong.push(name);
          images++;
        }
        expect(wrong).toEqual([]);
        expect(images).toBeGreaterThan(4);
      },
    });
  }
}

Deno.test({
  name: "resize() with a mirrored edge gives what SRDiff feeds its network",
  ignore: !hasShared,
  async fn() {
    const golden = await readNpz(new URL("vectors/preprocessing/io.npz", shared));
    const [height, width] = golden.lr_uint8.dims;
    const low = tensor([1, 3, height, width]);
    for (let i = 0; i < low.data.length; i++) {
      const channel = Math.floor(i / (height * width));
      low.data[i] = golden.lr_uint8.data[(i % (height * width)) * 3 + channel] / 256;
    }
    for (const scale of [4, 8]) {
      const size = { width: width * scale, height: height * scale };
      const { data: made } = resize(low, size, { edge: "mirror" });
      const wanted = golden[`srdiff_img_lr_up_x${scale}`].data;
      const worst = made.reduce((most, v, i) => Math.max(most, Math.abs(2 * v - 1 - wanted[i])), 0);
      expect(worst).toBeLessThan(1e-6);
    }
  },
});

Deno.test({
  name: "resize() with a mirrored edge shrinks as current MATLAB does",
  ignore: !hasShared,
  async fn() {
    const golden = await readNpz(new URL("vectors/preprocessing/io.npz", shared));
    const [height, width] = golden.hr_uint8.dims;
    const high = tensor([1, 3, height, width]);
    for (let i = 0; i < high.data.length; i++) {
      const channel = Math.floor(i / (height * width));
      high.data[i] = golden.hr_uint8.data[(i % (height * width)) * 3 + channel];
    }
    for (const scale of [4, 8]) {
      const { data: wanted, dims } = golden[`matlab_down_float_x${scale}`];
      const low = resize(high, { width: dims[1], height: dims[0] }, { edge: "mirror" });
      const area = dims[0] * dims[1];
      const worst = low.data.reduce((most, v, i) => {
        const at = (i % area) * 3 + Math.floor(i / area);
        return Math.max(most, Math.abs(v / 255 - wanted[at]));
      }, 0);
      expect(worst).toBeLessThan(1e-6);
    }
  },
});

Deno.test("resize() keeps a constant image constant, at any size", () => {
  for (const [height, width] of [[1, 1], [2, 9], [33, 5], [64, 64]]) {
    const flat = tensor([2, 3, 7, 4], new Float32Array(168).fill(0.25));
    const { data: made, dims } = resize(flat, { height, width });
    expect(dims).toEqual([2, 3, height, width]);
    expect(made.every((value) => Math.abs(value - 0.25) < 1e-6)).toBe(true);
  }
});

Deno.test("resizeImage() to its own size changes nothing", () => {
  const bytes = Uint8ClampedArray.from({ length: 5 * 3 * 4 }, (_, i) => i * 91 & 255);
  const same = resizeImage({ width: 5, height: 3, data: bytes }, { width: 5, height: 3 });
  expect(same.data).toEqual(bytes);
});

Deno.test("resizeImage() first resizes the dimension that shrinks most", () => {
  const bytes = Uint8ClampedArray.from({ length: 12 * 12 * 4 }, (_, i) => i * i * 7 & 255);
  const image = { width: 12, height: 12, data: bytes };
  const narrow = resizeImage(image, { width: 3, height: 12 });
  expect(resizeImage(image, { width: 3, height: 6 }).data)
    .toEqual(resizeImage(narrow, { width: 3, height: 6 }).data);
});

Deno.test("resize() refuses a size that is not a positive integer", () => {
  const flat = tensor([1, 3, 4, 4]);
  expect(() => resize(flat, { width: 0, height: 4 })).toThrow(RangeError);
  expect(() => resize(flat, { width: 2.5, height: 4 })).toThrow("a whole number from 1");
});
