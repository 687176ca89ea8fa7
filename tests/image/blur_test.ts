import { expect } from "expect";
import { blur } from "../../lib/image/blur.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** One white pixel in the second of two planes. */
function dot(width: number, height: number, x: number, y: number) {
  const picture = tensor([1, 2, height, width]);
  picture.data[(height + y) * width + x] = 1;
  return picture;
}

Deno.test("blur() spreads a pixel as a Gaussian, in each plane separately", () => {
  const { dims, data } = blur(dot(31, 35, 15, 17), 2);
  expect(dims).toEqual([1, 2, 35, 31]);
  const at = (x: number, y: number) => data[(35 + y) * 31 + x];
  expect(data.slice(0, 31 * 35).every((value) => value === 0)).toBe(true);
  expect(data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(at(17, 17) / at(15, 17)).toBeCloseTo(Math.exp(-0.5), 5);
  expect(at(12, 21) / at(15, 17)).toBeCloseTo(Math.exp(-25 / 8), 5);
  expect([at(21, 17) > 0, at(22, 17)]).toEqual([true, 0]);
});

Deno.test("blur() does not change an image of one colour, even at the border", () => {
  const even = tensor([2, 1, 5, 9], new Float32Array(90).fill(0.25));
  for (const value of blur(even, 4).data) expect(value).toBeCloseTo(0.25, 6);
});

Deno.test("blur() of sigma 0 changes nothing", () => {
  const picture = dot(7, 5, 2, 3);
  expect(blur(picture, 0)).toEqual(picture);
});
