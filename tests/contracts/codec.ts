/** Tests that every codec must pass. @module */

import { expect } from "expect";
import type { Codec } from "../../lib/image/files/codecs/codec.ts";
import type { Image } from "../../lib/image/image.ts";

/** An image without flat areas; its alpha, if it has any, includes 0. */
export function gradient(width: number, height: number, channels: 1 | 2 | 3 | 4): Image {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const colors = [i * 37, i * 101 + 5, i * 211 + 9].map((value) => value & 255);
    data.set(channels >= 3 ? colors : [colors[0], colors[0], colors[0]], 4 * i);
    data[4 * i + 3] = channels % 2 === 0 ? i * 51 & 255 : 255;
  }
  return { width, height, data, channels };
}

/** Registers the tests of one codec: lossless formats and damaged files. */
export function testCodec(codec: Codec): void {
  for (const channels of [1, 2, 3, 4] as const) {
    for (const [width, height] of [[1, 1], [7, 5], [130, 67]]) {
      Deno.test(`${codec.name} codec keeps every byte of ${width}x${height}x${channels} in PNG and WebP`, async () => {
        const image = gradient(width, height, channels);
        for (const format of ["png", "webp"] as const) {
          const read = await codec.decode(await codec.encode(image, { format }), format);
          expect([read.width, read.height]).toEqual([width, height]);
          expect(read.data).toEqual(image.data);
        }
      });
    }
  }

  Deno.test(`${codec.name} codec writes the same bytes for the same image`, async () => {
    const image = gradient(40, 30, 4);
    for (const format of ["png", "webp"] as const) {
      const [first, second] = [
        await codec.encode(image, { format }),
        await codec.encode(image, { format }),
      ];
      expect(second).toEqual(first);
    }
  });

  Deno.test(`${codec.name} codec refuses damaged data and reads a good image afterwards`, async () => {
    const image = gradient(64, 64, 3);
    for (const format of ["png", "webp"] as const) {
      const bytes = await codec.encode(image, { format });
      const half = bytes.slice(0, bytes.length >> 1);
      await expect(codec.decode(half, format)).rejects.toThrow();
      expect((await codec.decode(bytes, format)).data).toEqual(image.data);
    }
  });
}
