/** Crops of the results, kept beside the results file for the report. @module */

import { encodeImage } from "../lib/image/files/encode.ts";
import type { Image } from "../lib/image/image.ts";
import { resizeImage } from "../lib/image/resize.ts";
import { centralRect, cropImage } from "../lib/image/crop.ts";
import type { Rect } from "../lib/tensor/window.ts";
import { exists, writeWhole } from "./files.ts";
import type { Source } from "./protocols.ts";
import { repeated } from "./sheet.ts";

/** Side of a crop in high-resolution pixels. */
const SIDE = 128;
/** Distance between the windows that are compared. */
const STRIDE = 32;

/** Where crops are kept. */
export interface Gallery {
  /** Folder beside the results file. */
  readonly folder: string;
  /** Keeps the crop of one method's image, and of the truth or, without one, of the input. */
  keep(set: string, pair: Source, method: string, result: Image): Promise<void>;
  /** Whether there is a crop of a method's image. */
  has(set: string, image: string, method: string): Promise<boolean>;
}

/** Opens the gallery of a results file. */
export function openGallery(folder: string): Gallery {
  return {
    folder,
    async keep(set, pair, method, result) {
      const { truth } = pair;
      const window = truth ? hardestWindow(pair.low, truth) : middleOf(result);
      const write = async (name: string, image: Image) => {
        const jpeg = await encodeImage({ ...cropImage(image, window), channels: 3 }, {
          format: "jpeg",
          quality: 95,
          metadata: "strip",
        });
        await writeWhole(cropPath(folder, set, pair.name, name), jpeg);
      };
      await Deno.mkdir(`${folder}/${safe(set)}/${safe(pair.name)}`, { recursive: true });
      if (truth) await write("truth", truth);
      else await write("input", repeated(pair.low, result.width / pair.low.width));
      await write(method, result);
    },
    has: (set, image, method) => exists(cropPath(folder, set, image, method)),
  };
}

/** File of one crop. */
export function cropPath(folder: string, set: string, image: string, method: string): string {
  return `${folder}/${safe(set)}/${safe(image)}/${safe(method)}.jpg`;
}

function safe(name: string): string {
  return name.replace(/[^\w.@+=,-]/g, "_");
}

function middleOf(image: Image): Rect {
  return centralRect(image, Math.min(2 * SIDE, image.width), Math.min(2 * SIDE, image.height));
}

/** The window where bicubic has the largest error: the same for all methods, and independent of them. */
function hardestWindow(low: Image, truth: Image): Rect {
  const width = Math.min(SIDE, truth.width), height = Math.min(SIDE, truth.height);
  const bicubic = resizeImage(low, truth);
  const sums = integral(bicubic, truth);
  let best: Rect = centralRect(truth, width, height), most = -1;
  for (let y = 0; y + height <= truth.height; y += STRIDE) {
    for (let x = 0; x + width <= truth.width; x += STRIDE) {
      const at = (column: number, row: number) => sums[row * (truth.width + 1) + column];
      const error = at(x + width, y + height) - at(x, y + height) - at(x + width, y) + at(x, y);
      if (error > most) [best, most] = [{ x, y, width, height }, error];
    }
  }
  return best;
}

/** Sums of squared green differences above and left of every corner. */
function integral(a: Image, b: Image): Float64Array {
  const stride = b.width + 1;
  const sums = new Float64Array(stride * (b.height + 1));
  for (let y = 0; y < b.height; y++) {
    let row = 0;
    for (let x = 0; x < b.width; x++) {
      const i = 4 * (y * b.width + x) + 1;
      row += (a.data[i] - b.data[i]) ** 2;
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
    }
  }
  return sums;
}
