/** Contact sheets of images without a truth: a row for each image, a column for each method. @module */

import { encodeImage } from "../lib/image/files/encode.ts";
import { readImage } from "../lib/image/files/read.ts";
import type { Image } from "../lib/image/image.ts";
import { exists, writeWhole } from "./files.ts";
import { cropPath } from "./gallery.ts";
import type { BenchRecord } from "./record.ts";
import { rowsOf } from "./summary.ts";

/** A sheet that was written. */
export interface ContactSheet {
  /** The JPEG file. */
  readonly path: string;
  /** What the columns show, from the left. */
  readonly columns: readonly string[];
}

/** Pixels between two crops. */
const GAP = 4;

/** Writes a sheet beside the results file for every set without a truth, of the crops in `folder`. */
export async function writeContactSheets(
  out: string,
  record: BenchRecord,
  folder: string,
): Promise<ContactSheet[]> {
  const sheets: ContactSheet[] = [];
  for (const { key } of record.sets.filter(({ isReal }) => isReal)) {
    const shown = record.methods.map(({ name }) => name)
      .filter((name) => rowsOf(record, key, name).length > 0);
    const images = new Set(shown.flatMap((name) => rowsOf(record, key, name)).map((r) => r.image));
    const columns = ["input", ...shown];
    const rows: (Image | undefined)[][] = [];
    for (const image of [...images].sort()) {
      const row = columns.map(async (name) => {
        const path = cropPath(folder, key, image, name);
        return await exists(path) ? await readImage(path) : undefined;
      });
      rows.push(await Promise.all(row));
    }
    if (rows.length === 0) continue;
    const path = out.replace(/\.json$/, `.${key.replace(/[^\w.-]/g, "_")}.jpg`);
    const jpeg = await encodeImage(sheet(rows), { format: "jpeg", metadata: "strip" });
    await writeWhole(path, jpeg);
    sheets.push({ path, columns });
  }
  return sheets;
}

/** All images in cells of the size of the largest, on white; the cell of a missing one is empty. */
function sheet(rows: readonly (readonly (Image | undefined)[])[]): Image {
  const all = rows.flat().filter((image) => image !== undefined);
  const cell = {
    width: Math.max(...all.map(({ width }) => width)) + GAP,
    height: Math.max(...all.map(({ height }) => height)) + GAP,
  };
  const width = rows[0].length * cell.width, height = rows.length * cell.height;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  rows.forEach((row, down) =>
    row.forEach((image, across) => {
      for (let y = 0; y < (image?.height ?? 0); y++) {
        const { width: own, data: source } = image!;
        const to = (down * cell.height + y) * width + across * cell.width;
        data.set(source.subarray(4 * y * own, 4 * (y + 1) * own), 4 * to);
      }
    })
  );
  return { width, height, data, channels: 3 };
}
