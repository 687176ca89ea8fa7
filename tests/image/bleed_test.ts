import { expect } from "expect";
import { bleed } from "../../lib/image/bleed.ts";
import { readImage } from "../../lib/image/files/read.ts";
import type { Image } from "../../lib/image/image.ts";
import { load } from "../../lib/load.ts";
import { caseFile, hasData } from "./_data.ts";

/** An image of these pixels in one row. */
const row = (...pixels: number[][]): Image => ({
  width: pixels.length,
  height: 1,
  data: new Uint8ClampedArray(pixels.flat()),
});

Deno.test("bleed() gives hidden pixels the colour of visible ones nearby", () => {
  const red = [200, 10, 10, 255], blue = [10, 10, 200, 100], hidden = [0, 255, 0, 0];
  const source = row(red, hidden, hidden, hidden, hidden, hidden, hidden, blue);
  const { data } = bleed(source);
  expect([...data.subarray(0, 8)]).toEqual([...red, 200, 10, 10, 0]);
  expect([...data.subarray(24)]).toEqual([10, 10, 200, 0, ...blue]);
  expect(data.filter((v, i) => i % 4 === 1 && v !== 10)).toEqual(new Uint8ClampedArray());
  expect(source.data[5]).toBe(255);
});

Deno.test("bleed() weights colours by their opacity", () => {
  const source = row([200, 0, 0, 30], [0, 0, 0, 0], [100, 0, 0, 10], [0, 0, 0, 0]);
  expect([...bleed(source).data].filter((_, i) => i % 4 === 0)).toEqual([200, 200, 100, 100]);
  const far = row([200, 0, 0, 30], [100, 0, 0, 10], [0, 0, 0, 0], [0, 0, 0, 0]);
  expect(bleed(far).data[8]).toBe(175);
});

Deno.test("bleed() does not change an image that hides nothing, or everything", () => {
  const faint = row([1, 2, 3, 0], [4, 5, 6, 7]);
  for (
    const source of [row([1, 2, 3, 255], [4, 5, 6, 8]), row([1, 2, 3, 0], [4, 5, 6, 0]), faint]
  ) {
    expect(bleed(source)).toBe(source);
  }
});

/** A red disc on nearly invisible pixels of any colour. */
function discOnGarbage(side: number): Image {
  const data = new Uint8ClampedArray(4 * side * side);
  for (let i = 0; i < side * side; i++) {
    const inside = Math.hypot(i % side - side / 2, Math.floor(i / side) - side / 2) < side / 3;
    data.set(inside ? [200, 30, 20, 255] : [i * 37, i * 101, i * 211].map((v) => v & 255), 4 * i);
    if (!inside) data[4 * i + 3] = 1;
  }
  return { width: side, height: side, data, channels: 4 };
}

Deno.test("upscale() gives a disc on nearly invisible pixels of any colour no fringe", async () => {
  await using upscaler = await load("bicubic");
  const { images: [{ data }] } = await upscaler.upscale(discOnGarbage(32));
  let worst = 0;
  for (let i = 0; i < data.length; i += 4) {
    const differences = [200, 30, 20].map((value, c) => Math.abs(data[i + c] - value));
    if (data[i + 3] > 8) worst = Math.max(worst, ...differences);
  }
  expect(worst).toBeLessThan(2);
});

Deno.test({
  name: "upscale() with keepHidden enlarges the colours under opacity 0",
  ignore: !hasData,
  async fn() {
    await using upscaler = await load("bicubic");
    const source = await readImage(caseFile("texture-hidden-rgb.png"));
    const opaque = { ...source, data: source.data.slice(), channels: 3 as const };
    for (let i = 3; i < opaque.data.length; i += 4) opaque.data[i] = 255;
    const colors = async (image: Image, keepHidden: boolean) => {
      const { images } = await upscaler.upscale(image, { keepHidden });
      return images[0].data.filter((_, i) => i % 4 !== 3);
    };
    const truth = await colors(opaque, false);
    expect(await colors(source, true)).toEqual(truth);
    expect(await colors(source, false)).not.toEqual(truth);
  },
});
