/**
 * Makes the pictures that the project shows, out of the photographs in `docs/`: the README's (input,
 * bicubic, the entry), and `failures.png` beside the entry's card (input, bicubic, two seeds, truth).
 * Run it as `deno task comparison [ID]`.
 *
 * @module
 */

import { encodeImage, type Image, load, readImage, resizeImage } from "../mod.ts";
import { repeated, sheetOf } from "./sheet.ts";

const docs = new URL("../docs/", import.meta.url);
const [id = "srdiff"] = Deno.args;
await using bicubic = await load("bicubic");
await using entry = await load(id);
const { scale } = entry.card;

const photograph = (name: string) => readImage(new URL(`${name}.png`, docs));

async function enlarged(image: Image, seed: number): Promise<Image> {
  return (await entry.upscale(image, { seed })).images[0];
}

/** The input, its bicubic enlargement, and the entry's. */
async function compared(image: Image): Promise<Image[]> {
  const [smooth] = (await bicubic.upscale(image)).images;
  return [repeated(image, scale), smooth, await enlarged(image, 0)];
}

/** A picture that is shrunk first, so that its truth is known; every pixel is shown twice as large. */
async function againstTruth(truth: Image): Promise<Image[]> {
  const size = { width: truth.width / scale, height: truth.height / scale };
  const small = resizeImage(truth, size);
  const shown = [...await compared(small), await enlarged(small, 1), truth];
  return shown.map((image) => repeated(image, 2));
}

/** A house front that leans back: rows of windows, ever closer together. */
function windows(side: number): Image {
  const data = new Uint8ClampedArray(4 * side * side);
  for (let i = 0; i < side * side; i++) {
    const depth = 1 + 3 * (1 - Math.floor(i / side) / side);
    const across = (i % side - side / 2) * depth, along = 120 * Math.log(depth) * depth;
    const glass = across - 24 * Math.floor(across / 24) < 14 &&
      along - 24 * Math.floor(along / 24) < 14;
    data.set(glass ? [60, 72, 90, 255] : [196, 184, 166, 255], 4 * i);
  }
  return { width: side, height: side, data };
}

async function write(url: URL, rows: Image[][], cell: number): Promise<void> {
  await Deno.writeFile(url, await encodeImage(sheetOf(rows, cell), { format: "png" }));
}

const names = ["coffee", "chelsea", "astronaut"];
const shown = await Promise.all(names.map(async (name) => compared(await photograph(name))));
await write(new URL("comparison.png", docs), shown, 260);

const hard = [await photograph("astronaut"), windows(128)];
const failures = await Promise.all(hard.map(againstTruth));
await write(new URL(`../zoo/${id}/failures.png`, import.meta.url), failures, 256);
