/** The contact sheet of a diffusion: input, bicubic, states from noise to image, result, truth. @module */

import { type Image, type Preview, resizeImage } from "../mod.ts";

/** How many states of the chain a sheet shows, including the first and the last. */
const STATES = 6;
/** Cells per row, the longest side of a cell, and the pixels between cells. */
const COLUMNS = 5, SIDE = 512, GAP = 8;

/** The images of a sheet, in this order. */
export interface SheetInput {
  /** The input, if there is one. */
  source?: Image;
  /** Noisy states, the noisiest first. */
  states: readonly Image[];
  /** The result: the first sample. */
  result: Image;
  /** The high-resolution image, if there is one. */
  truth?: Image;
}

/** Collects evenly spaced states of the first sample. */
export function stateCollector(): { states: Image[]; see: (preview: Preview) => Promise<void> } {
  const states: Image[] = [];
  const see = async ({ sample, step, steps, state }: Preview) => {
    const last = Math.min(STATES, steps) - 1;
    const shown = Array.from(
      { length: last + 1 },
      (_, i) => 1 + Math.round(i * (steps - 1) / last),
    );
    if (sample === 0 && state && (steps === 1 || shown.includes(step))) {
      states.push(await state());
    }
  };
  return { states, see };
}

/**
 * Draws the sheet on white. The input is enlarged to the size of the result by nearest neighbour and by
 * bicubic; cells longer than 512 pixels are shrunk.
 */
export function contactSheet({ source, states, result, truth }: SheetInput): Image {
  const inputs = source ? [nearest(source, result), resizeImage(source, result)] : [];
  const all = [...inputs, ...states, result, ...truth ? [truth] : []];
  const shrink = Math.min(1, SIDE / Math.max(result.width, result.height));
  const width = Math.max(1, Math.round(result.width * shrink));
  const height = Math.max(1, Math.round(result.height * shrink));
  const columns = Math.min(COLUMNS, all.length), rows = Math.ceil(all.length / columns);
  const sheet = blank(columns * (width + GAP) + GAP, rows * (height + GAP) + GAP);
  for (const [i, image] of all.entries()) {
    const same = image.width === width && image.height === height;
    const cell = same ? image : resizeImage(image, { width, height });
    const left = GAP + (i % columns) * (width + GAP);
    put(sheet, cell, left, GAP + Math.floor(i / columns) * (height + GAP));
  }
  return sheet;
}

function blank(width: number, height: number): Image {
  return { width, height, channels: 3, data: new Uint8ClampedArray(4 * width * height).fill(255) };
}

/** Enlarges by nearest neighbour. */
function nearest(source: Image, { width, height }: Image): Image {
  const large = blank(width, height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y * source.height / height) * source.width;
    for (let x = 0; x < width; x++) {
      const from = 4 * (row + Math.floor(x * source.width / width));
      large.data.set(source.data.subarray(from, from + 4), 4 * (y * width + x));
    }
  }
  return large;
}

/** Draws an image onto the sheet; transparency becomes white. */
function put(sheet: Image, image: Image, left: number, top: number): void {
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const from = 4 * (y * image.width + x), to = 4 * ((top + y) * sheet.width + left + x);
      const share = image.data[from + 3] / 255;
      for (let c = 0; c < 3; c++) {
        sheet.data[to + c] = 255 + share * (image.data[from + c] - 255);
      }
    }
  }
}
