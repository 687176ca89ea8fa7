import type { Image } from "../../lib/image/image.ts";

/** An opaque image whose bytes are `value(channel, x, y)`. */
export function picture(
  width: number,
  height: number,
  value: (channel: number, x: number, y: number) => number,
): Image {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = value(c, i % width, Math.floor(i / width));
  }
  return { width, height, data, channels: 3 };
}
