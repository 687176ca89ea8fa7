import { expect } from "expect";
import { bleed } from "../../lib/image/bleed.ts";
import type { Image } from "../../lib/image/image.ts";

/** A picture of these pixels in one row. */
const row = (...pixels: number[][]): Image => ({
  width: pixels.length,
  height: 1,
  data: new Uint8ClampedArray(pixels.flat()),
});

Deno.test("bleed() gives hidden pixels the colour of what is seen nearby", () => {
  const red = [200, 10, 10, 255], blue = [10, 10, 200, 100], hidden = [0, 255, 0, 0];
  const source = row(red, hidden, hidden, hidden, hidden, hidden, hidden, blue);
  const { data } = bleed(source);
  expect([...data.subarray(0, 8)]).toEqual([...red, 200, 10, 10, 0]);
  expect([...data.subarray(24)]).toEqual([10, 10, 200, 0, ...blue]);
  expect(data.filter((v, i) => i % 4 === 1 && v !== 10)).toEqual(new Uint8ClampedArray());
  expect(source.data[5]).toBe(255);
});

Deno.test("bleed() weighs colours by their opacity", () => {
  const source = row([200, 0, 0, 30], [0, 0, 0, 0], [100, 0, 0, 10], [0, 0, 0, 0]);
  expect([...bleed(source).data].filter((_, i) => i % 4 === 0)).toEqual([200, 200, 100, 100]);
  const far = row([200, 0, 0, 30], [100, 0, 0, 10], [0, 0, 0, 0], [0, 0, 0, 0]);
  expect(bleed(far).data[8]).toBe(175);
});

Deno.test("bleed() leaves a picture that hides nothing, or all", () => {
  for (const source of [row([1, 2, 3, 255], [4, 5, 6, 1]), row([1, 2, 3, 0], [4, 5, 6, 0])]) {
    expect(bleed(source)).toBe(source);
  }
});
