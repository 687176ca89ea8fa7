/** An image that shows what an entry cannot do. @module */

import { type Image, resizeImage, type Upscaler } from "../../mod.ts";
import { repeated, sheetOf } from "../sheet.ts";

const CELL = 256;

/**
 * Rows of input, bicubic, two seeds (one image if the entry is not generative) and truth: a face that is shrunk to a few
 * pixels, and a grid finer than the input's pixels. Every pixel is shown twice as large.
 */
export async function failuresOf(
  entry: Upscaler,
  bicubic: Upscaler,
  face: Image,
): Promise<Image> {
  const { scale } = entry.card;
  const rows: Image[][] = [];
  for (const truth of [face, windows(CELL / 2)]) {
    const small = resizeImage(truth, { width: truth.width / scale, height: truth.height / scale });
    const shown = [repeated(small, scale), await smooth(small, bicubic, truth)];
    for (const seed of entry.generative ? [0, 1] : [undefined]) {
      shown.push((await entry.upscale(small, { seed })).images[0]);
    }
    rows.push([...shown, truth].map((image) => repeated(image, 2)));
  }
  return sheetOf(rows, CELL);
}

/** The bicubic enlargement to the truth's size. */
async function smooth(small: Image, bicubic: Upscaler, truth: Image): Promise<Image> {
  if (small.width * bicubic.card.scale !== truth.width) return resizeImage(small, truth);
  return (await bicubic.upscale(small)).images[0];
}

/** A house front in perspective: rows of windows that get ever closer together. */
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
