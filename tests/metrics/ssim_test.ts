import { expect } from "expect";
import { ssimY } from "../../lib/metrics/mod.ts";
import { picture } from "./_pictures.ts";

const texture = picture(24, 20, (c, x, y) => (37 * x + 91 * y + 50 * c) % 256);

Deno.test("ssimY() of identical images is 1", () => {
  expect(ssimY(texture, texture)).toBeCloseTo(1, 12);
});

Deno.test("ssimY() of two flat images is the luminance term of equation 6", () => {
  const c1 = (0.01 * 255) ** 2;
  const dark = picture(16, 16, () => 0), bright = picture(16, 16, () => 255);
  const expected = (2 * 16 * 235 + c1) / (16 ** 2 + 235 ** 2 + c1);
  expect(ssimY(dark, bright)).toBeCloseTo(expected, 10);
});

Deno.test("ssimY() is negative for an inverted texture", () => {
  const negative = picture(24, 20, (c, x, y) => 255 - (37 * x + 91 * y + 50 * c) % 256);
  expect(ssimY(negative, texture)).toBeLessThan(0);
});

Deno.test("ssimY() refuses images smaller than its window", () => {
  expect(() => ssimY(texture, texture, { border: 5 })).toThrow("its window needs 11x11");
});
