import { expect } from "expect";
import { psnrRgb, psnrY } from "../../lib/metrics/mod.ts";
import { picture } from "./_pictures.ts";

const black = picture(16, 12, () => 0);

Deno.test("psnrRgb() of a difference of 1 everywhere is 20 log10(255)", () => {
  expect(psnrRgb(picture(16, 12, () => 1), black)).toBeCloseTo(20 * Math.log10(255), 10);
});

Deno.test("psnrRgb() of identical images is infinite", () => {
  expect(psnrRgb(black, black)).toBe(Infinity);
});

Deno.test("psnrRgb() leaves the border out", () => {
  const framed = picture(16, 12, (_, x, y) => x < 2 || y < 2 || x > 13 || y > 9 ? 255 : 1);
  expect(psnrRgb(framed, black, { border: 2 })).toBeCloseTo(20 * Math.log10(255), 10);
});

Deno.test("psnrY() compares rounded studio luma: black 16 against white 235", () => {
  const white = picture(16, 12, () => 255);
  expect(psnrY(white, black)).toBeCloseTo(20 * Math.log10(255 / 219), 10);
});

Deno.test("psnrY() takes the values of a one-channel truth as luma", () => {
  const truth = { ...black, channels: 1 as const };
  const result = picture(16, 12, () => 10);
  const expected = 20 * Math.log10(255 / 10);
  expect(psnrY(result, truth)).toBeCloseTo(expected, 10);
  expect(psnrY({ ...result, channels: 1 }, truth)).toBeCloseTo(expected, 10);
});

Deno.test("psnrY() refuses different sizes, and borders that leave nothing", () => {
  expect(() => psnrY(picture(16, 11, () => 0), black)).toThrow("sizes must be equal");
  expect(() => psnrY(black, black, { border: 6 })).toThrow("leaves some pixels");
  expect(() => psnrY(black, black, { border: -1 })).toThrow(RangeError);
});
