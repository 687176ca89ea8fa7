/**
 * Makes the README's picture out of the photographs in `docs/`: input, bicubic, and an entry, side by
 * side. Run it as `deno task comparison`.
 */

import { encodeImage, type Image, load, readImage } from "../mod.ts";

const PHOTOGRAPHS = ["coffee", "chelsea", "astronaut"];
const CROP = 260; // pixels of the result, from its middle
const docs = new URL("../docs/", import.meta.url);

/** A picture whose pixels are repeated, to show the input as it is. */
function repeated(image: Image, scale: number): Image {
  const width = image.width * scale, height = image.height * scale;
  const from = new Uint32Array(Uint8ClampedArray.from(image.data).buffer);
  const pixels = Uint32Array.from({ length: width * height }, (_, i) => {
    const x = Math.floor(i % width / scale), y = Math.floor(i / width / scale);
    return from[y * image.width + x];
  });
  return { width, height, data: new Uint8ClampedArray(pixels.buffer) };
}

/** Copies the middle of a picture into a cell of the sheet. */
function place(sheet: Image, image: Image, column: number, row: number): void {
  const left = (image.width - CROP) >> 1, top = (image.height - CROP) >> 1;
  for (let y = 0; y < CROP; y++) {
    const start = 4 * ((top + y) * image.width + left);
    const line = image.data.subarray(start, start + 4 * CROP);
    sheet.data.set(line, 4 * ((row * CROP + y) * sheet.width + column * CROP));
  }
}

const [id = "srdiff"] = Deno.args;
await using bicubic = await load("bicubic");
await using entry = await load(id);
const size = { width: 3 * CROP, height: PHOTOGRAPHS.length * CROP };
const sheet: Image = { ...size, data: new Uint8ClampedArray(4 * size.width * size.height) };
for (const [row, name] of PHOTOGRAPHS.entries()) {
  const photograph = await readImage(new URL(`${name}.png`, docs));
  const [smooth] = (await bicubic.upscale(photograph)).images;
  const [sharp] = (await entry.upscale(photograph, { seed: 0 })).images;
  [repeated(photograph, entry.card.scale), smooth, sharp].forEach((image, column) =>
    place(sheet, image, column, row)
  );
}
const picture = await encodeImage({ ...sheet, channels: 3 }, { format: "png" });
await Deno.writeFile(new URL("comparison.png", docs), picture);
