import { expect } from "expect";
import type { Image } from "../../lib/image/image.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import golden from "../fixtures/bicubic.json" with { type: "json" };

for (const { height, width, rgb } of golden.resized) {
  Deno.test(`resizeImage() to ${width}x${height} gives the bytes that training makes`, () => {
    const source = opaque(golden.rgb, golden.width, golden.height);
    const resized = resizeImage(source, { width, height });
    expect([...resized.data]).toEqual([...opaque(rgb, width, height).data]);
  });
}

/** An opaque image of the bytes red, green, blue, red, ... */
function opaque(rgb: number[], width: number, height: number): Image {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  rgb.forEach((byte, i) => data[Math.floor(i / 3) * 4 + i % 3] = byte);
  return { data, width, height } as Image;
}
