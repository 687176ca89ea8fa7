import { expect } from "expect";
import { colorError, diversity, gainOfMean, lrPsnr } from "../../lib/metrics/mod.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { picture } from "./_pictures.ts";

const flat = (value: number) => picture(8, 8, () => value);

Deno.test("colorError() averages the shifts of the channels", () => {
  const shifted = picture(8, 8, (c) => [103, 100, 94][c]);
  expect(colorError(shifted, flat(100))).toBeCloseTo(3, 10);
});

Deno.test("colorError() does not count errors that cancel out over the image", () => {
  const checkered = picture(8, 8, (_, x, y) => (x + y) % 2 ? 90 : 110);
  expect(colorError(checkered, flat(100))).toBe(0);
});

Deno.test("diversity() is the standard deviation of the samples", () => {
  expect(diversity([flat(90), flat(110)])).toBeCloseTo(10, 10);
  expect(diversity([flat(1), flat(2), flat(3), flat(4), flat(5)])).toBeCloseTo(Math.SQRT2, 10);
  expect(diversity([flat(7)])).toBe(0);
});

Deno.test("diversity() refuses an empty list and different sizes", () => {
  expect(() => diversity([])).toThrow(RangeError);
  expect(() => diversity([flat(1), picture(8, 9, () => 1)])).toThrow("sizes must be equal");
});

Deno.test("gainOfMean() is 3.01 dB where half of the squared error cancels out", () => {
  const samples = [
    picture(8, 8, (c) => c === 0 ? 110 : 104),
    picture(8, 8, (c) => c === 0 ? 110 : 96),
  ];
  // Squared errors 100, 16, 16 of each; 100, 0, 0 of the mean.
  expect(gainOfMean(samples, flat(100))).toBeCloseTo(10 * Math.log10(132 / 100), 10);
  expect(gainOfMean([flat(90)], flat(100))).toBeCloseTo(0, 10);
});

Deno.test("lrPsnr() is infinite for a result that shrinks to its source", () => {
  const low = flat(77);
  expect(lrPsnr(resizeImage(low, { width: 32, height: 32 }), low)).toBe(Infinity);
});

Deno.test("lrPsnr() detects a shift of one step", () => {
  expect(lrPsnr(picture(32, 32, () => 78), flat(77))).toBeCloseTo(20 * Math.log10(255), 10);
});

Deno.test("lrPsnr() refuses sizes that are not a whole number of times the source's", () => {
  expect(() => lrPsnr(picture(30, 32, () => 1), flat(1))).toThrow("same whole multiple");
});
