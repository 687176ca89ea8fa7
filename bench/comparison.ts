/**
 * Makes the images that the project shows, from the photographs in `docs/`:
 *
 *     deno task comparison            docs/comparison.png: input, bicubic, the default entry; some inputs as JPEG
 *     deno task comparison srdiff     zoo/srdiff/failures.jpg; for a flow, latents.jpg too
 *
 * The photographs come from scikit-image (`skimage.data`). The astronaut is a crop of 256x256 pixels, from column 96
 * and row 0, shrunk by `deno task data lr FOLDER --scale 2`.
 *
 * @module
 */

import { encodeImage, type Image, load, readImage } from "../mod.ts";
import { DEFAULT_MODEL } from "../lib/zoo/default.ts";
import { failuresOf } from "./pictures/failures.ts";
import { latentsOf } from "./pictures/latents.ts";
import { repeated, sheetOf } from "./sheet.ts";

/** Photographs in the README; those with a quality are compressed as JPEG first. */
const SHOWN: readonly (readonly [name: string, quality?: number])[] = [
  ["coffee"],
  ["coffee", 40],
  ["chelsea", 75],
  ["astronaut"],
];

const root = new URL("../", import.meta.url);

const photograph = (name: string) => readImage(new URL(`docs/${name}.png`, root));

/** The photograph after JPEG compression. */
async function asJpeg(image: Image, quality: number): Promise<Image> {
  return await readImage(await encodeImage(image, { format: "jpeg", quality }));
}

/** Writes docs/comparison.png. */
async function compare(): Promise<void> {
  await using bicubic = await load("bicubic");
  await using entry = await load(DEFAULT_MODEL);
  const rows: Image[][] = [];
  for (const [name, quality] of SHOWN) {
    const whole = await photograph(name);
    const image = quality === undefined ? whole : await asJpeg(whole, quality);
    const [smooth] = (await bicubic.upscale(image)).images;
    const [sharp] = (await entry.upscale(image, { seed: 0 })).images;
    rows.push([repeated(image, entry.card.scale), smooth, sharp]);
  }
  await write("docs/comparison.png", sheetOf(rows, 260));
}

/** Writes the images that lie beside the card of an entry. */
async function illustrate(id: string): Promise<void> {
  await using bicubic = await load("bicubic");
  await using entry = await load(id);
  const photographs = await Promise.all(["astronaut", "coffee", "chelsea"].map(photograph));
  await write(`zoo/${id}/failures.jpg`, await failuresOf(entry, bicubic, photographs[0]));
  if (entry.encode) await write(`zoo/${id}/latents.jpg`, await latentsOf(entry, photographs));
}

async function write(path: string, image: Image): Promise<void> {
  const format = path.endsWith("png") ? "png" : "jpeg";
  await Deno.writeFile(new URL(path, root), await encodeImage(image, { format }));
}

if (Deno.args.length === 0) await compare();
for (const id of Deno.args) await illustrate(id);
