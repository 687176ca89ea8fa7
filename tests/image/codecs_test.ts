import { expect } from "expect";
import { Image as Picture } from "imagescript";
import { joined } from "../../lib/bytes.ts";
import { browserCodec } from "../../lib/image/files/codecs/browser.ts";
import * as webp from "../../lib/image/files/codecs/webp.ts";
import { imagescriptCodec } from "../../lib/image/files/codecs/imagescript.ts";
import { encodePng } from "../../lib/image/files/codecs/png_encoder.ts";
import { decodePng } from "../../lib/image/files/codecs/png_decoder.ts";
import { deflate } from "../../lib/image/files/containers/deflate.ts";
import { pngChunks, pngFile, pngLayout } from "../../lib/image/files/containers/png.ts";
import { readImage } from "../../lib/image/files/read.ts";
import { testCodec } from "../contracts/codec.ts";
import { badInput, badInputs, hasData } from "./_data.ts";

testCodec(imagescriptCodec());
testCodec(browserCodec(webp)); // all except JPEG, which needs a browser's canvas

Deno.test("browserCodec() without libwebp says how to read and write WebP", async () => {
  const codec = browserCodec();
  const image = { width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255) };
  const bytes = await browserCodec(webp).encode(image, { format: "webp" });
  for (const work of [codec.encode(image, { format: "webp" }), readImage(bytes, { codec })]) {
    const error = await work.then(() => undefined, (error: Error) => error);
    expect([error?.name, error?.message]).toEqual([
      "UnsupportedError",
      expect.stringMatching(/^Cannot (read|write) WebP: .*give its URL as "worker"$/),
    ]);
  }
});

Deno.test("imagescript codec writes JPEG close to the image, and closer with higher quality", async () => {
  const codec = imagescriptCodec();
  const data = new Uint8ClampedArray(64 * 48 * 4);
  for (let i = 0; i < 64 * 48; i++) {
    data.set([i % 64 * 4, (i >> 6) * 5, 128 + 60 * Math.sin(i / 9), 255], 4 * i);
  }
  const image = { width: 64, height: 48, data };
  const errors: number[] = [];
  for (const quality of [30, 90, 100]) {
    const bytes = await codec.encode(image, { format: "jpeg", quality });
    const read = await codec.decode(bytes, "jpeg");
    errors.push(data.reduce((sum, v, i) => sum + Math.abs(v - read.data[i]), 0) / data.length);
  }
  expect(errors[2]).toBeLessThan(1.5);
  expect(errors[1]).toBeLessThan(errors[0]);
  expect(errors[2]).toBeLessThan(errors[1]);
});

Deno.test("encodePng() makes drawings and noisy gradients small, without loss", async () => {
  const side = 128;
  const drawing = new Uint8ClampedArray(4 * side * side);
  const noisy = new Uint8ClampedArray(4 * side * side);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const ink = (x * 7 + y) % 11 < 3 ? 0 : 255;
    drawing.set([ink, ink, 255, 255], 4 * i);
    const value = x + y + (i * 2654435761 >>> 28);
    noisy.set([value, value + 9, value / 2, 255], 4 * i);
  }
  for (const [data, most] of [[drawing, 0.02], [noisy, 0.6]] as const) {
    const image = { width: side, height: side, data, channels: 3 } as const;
    const bytes = await encodePng(image);
    expect(bytes.length / (3 * side * side)).toBeLessThan(most);
    expect((await decodePng(bytes)).data).toEqual(data);
  }
});

/** A PNG file of one row of samples, with a transparent colour if one is given. */
async function rowOf(
  colorType: number,
  depth: 8 | 16,
  pixels: readonly (readonly number[])[],
  transparent?: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const wide = (samples: readonly number[]) => samples.flatMap((v) => [v >> 8, v & 255]);
  const samples = pixels.flat();
  const row = Uint8Array.from([0, ...depth === 16 ? wide(samples) : samples]);
  const header = Uint8Array.of(0, 0, 0, pixels.length, 0, 0, 0, 1, depth, colorType, 0, 0, 0);
  return pngFile([
    { type: "IHDR", data: header },
    ...transparent ? [{ type: "tRNS", data: Uint8Array.from(wide(transparent)) }] : [],
    { type: "IDAT", data: joined(await deflate([row].values())) },
    { type: "IEND", data: new Uint8Array() },
  ]);
}

Deno.test("decodePng() rounds 16 bits to 8, and makes only the transparent colour transparent", async () => {
  // 65535 / 255 = 257: 0x80 is 0.498 of a byte, 0x81 0.502.
  const gray = [0, 0x80, 0x81, 0x7fff, 0x8000, 0xff7e, 0xff7f, 0xffff];
  const inBytes = [0, 0, 1, 127, 128, 254, 255, 255];
  const cases: [Uint8Array<ArrayBuffer>, number[][]][] = [
    [await rowOf(0, 16, gray.map((v) => [v])), inBytes.map((v) => [v, v, v, 255])],
    [await rowOf(4, 16, gray.map((v) => [v, v])), inBytes.map((v) => [v, v, v, v])],
    // Another 16-bit colour stays opaque, even if it is the same byte.
    [await rowOf(0, 16, [[0x8000], [0x8001]], [0x8000]), [
      [128, 128, 128, 0],
      [128, 128, 128, 255],
    ]],
    [await rowOf(2, 16, [[0x8000, 0x81, 0], [0x8000, 0x81, 1]], [0x8000, 0x81, 0]), [
      [128, 1, 0, 0],
      [128, 1, 0, 255],
    ]],
    [await rowOf(6, 16, [[0x8000, 0x81, 0xffff, 0x7fff]]), [[128, 1, 255, 127]]],
    [await rowOf(0, 8, [[7], [8]], [7]), [[7, 7, 7, 0], [8, 8, 8, 255]]],
    [await rowOf(2, 8, [[7, 8, 9], [7, 8, 8]], [7, 8, 9]), [[7, 8, 9, 0], [7, 8, 8, 255]]],
  ];
  for (const [bytes, pixels] of cases) {
    expect([...(await decodePng(bytes)).data]).toEqual(pixels.flat());
    expect([...(await readImage(bytes)).data]).toEqual(pixels.flat());
  }
});

Deno.test({
  name: "decodePng() gives the same pixels as imagescript wherever imagescript is exact",
  ignore: !hasData,
  async fn() {
    const wrong: string[] = [];
    let compared = 0;
    for (const { file, expected } of await badInputs()) {
      if (expected !== "decodes" || !file.toLowerCase().endsWith(".png")) continue;
      const bytes = await Deno.readFile(badInput(file));
      const chunks = pngChunks(bytes);
      const { depth, colorType } = pngLayout(chunks);
      if (depth > 8 || colorType !== 3 && chunks.some(({ type }) => type === "tRNS")) continue;
      const { bitmap } = await Picture.decode(bytes);
      const { data } = await decodePng(bytes);
      if (data.some((byte, i) => byte !== bitmap[i])) wrong.push(file);
      compared++;
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  },
});
