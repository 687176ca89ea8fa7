import { expect } from "expect";
import { project } from "../../lib/image/consistency.ts";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { toImage, toTensor } from "../../lib/image/pixels.ts";
import { resize } from "../../lib/image/resize.ts";
import { lrPsnr } from "../../lib/metrics/consistency.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { data, hasData } from "./_data.ts";

/** Results that are not consistent with an image: bicubic, noisy, black. */
function results(low: Tensor, scale: number): Record<string, Tensor> {
  const [, , height, width] = low.dims;
  const bicubic = resize(low, { width: width * scale, height: height * scale });
  let state = 1;
  const noisy = bicubic.data.map((value) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return value + 0.4 * (state / 2 ** 32 - 0.5);
  });
  const black = tensor(bicubic.dims, new Float32Array(noisy.length).fill(-1));
  return { bicubic, noisy: tensor(bicubic.dims, noisy), black };
}

function psnrAfter(result: Tensor, low: Image): number {
  return lrPsnr(toImage(project(result, toTensor(low).rgb)), low);
}

Deno.test({
  name: "project() reaches 50 dB in bytes from any start, even for images that clip",
  ignore: !hasData,
  async fn() {
    // Text on white, and a zebra: the images that clip most.
    for (
      const file of ["Set14/LRx4/img_013.png", "Set14/LRx4/img_014.png", "Set14/LRx8/img_013.png"]
    ) {
      const low = await readImage(new URL(`eval/${file}`, data));
      for (const result of Object.values(results(toTensor(low).rgb, file.includes("x8") ? 8 : 4))) {
        expect(psnrAfter(result, low)).toBeGreaterThan(50);
      }
    }
  },
});

Deno.test("project() makes small images of any shape and each item of a batch consistent", () => {
  for (const [height, width] of [[1, 1], [2, 5], [9, 1], [17, 12]]) {
    const bytes = Uint8ClampedArray.from(
      { length: height * width * 4 },
      (_, i) => 128 + 40 * Math.sin((i >> 2) * 0.5 + (i & 3)),
    );
    const low: Image = { width, height, data: bytes, channels: 3 };
    const { rgb } = toTensor(low);
    const batch = tensor([2, 3, 4 * height, 4 * width]);
    project(batch, rgb);
    for (const item of [0, 1]) expect(lrPsnr(toImage(batch, { item }), low)).toBeGreaterThan(50);
  }
});

Deno.test("project() does not change what is consistent, and stays within the range", () => {
  const low = tensor([1, 3, 4, 4], Float32Array.from({ length: 48 }, (_, i) => 0.2 * Math.sin(i)));
  const high = project(tensor([1, 3, 16, 16]), low);
  const before = high.data.slice();
  expect(project(high, low).data).toEqual(before);
  expect(high.data.every((value) => Math.abs(value) <= 1)).toBe(true);
});

Deno.test("project() refuses sizes that do not fit", () => {
  expect(() => project(tensor([1, 3, 8, 8]), tensor([2, 3, 2, 2]))).toThrow(RangeError);
  expect(() => project(tensor([1, 3, 2, 8]), tensor([1, 3, 4, 4]))).toThrow("sizes do not fit");
});
