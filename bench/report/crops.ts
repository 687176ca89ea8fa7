/** What the crop viewer of the report shows. @module */

import { exists } from "../files.ts";
import { cropPath } from "../gallery.ts";
import type { BenchRecord } from "../record.ts";
import { rowsOf, valueOf } from "../summary.ts";

/** One image with every method's crop of the same place. */
export interface CropRow {
  /** Key of the set. */
  readonly set: string;
  /** Name of the image. */
  readonly image: string;
  /** Data URL of the truth. */
  readonly truth: string;
  /** Each method's crop and figures. */
  readonly results: Readonly<Record<string, CropResult>>;
}

/** One method's crop. */
export interface CropResult {
  /** Data URL. */
  readonly url: string;
  /** Sort key of the images, larger for worse ones: LPIPS if it was measured, else -PSNR-Y. */
  readonly badness: number;
  /** Figures of the whole image, in words. */
  readonly caption: string;
}

/** Reads the crops of all rows. */
export async function cropRows(record: BenchRecord, folder: string): Promise<CropRow[]> {
  const rows: CropRow[] = [];
  for (const { key: set } of record.sets) {
    const ofSet = record.methods.flatMap(({ name }) => rowsOf(record, set, name));
    for (const image of new Set(ofSet.map((row) => row.image))) {
      const truth = await dataUrl(cropPath(folder, set, image, "truth"));
      if (!truth) continue;
      const results: Record<string, CropResult> = {};
      for (const { name } of record.methods) {
        const row = ofSet.find((row) => row.image === image && row.method === name);
        const url = row && await dataUrl(cropPath(folder, set, image, name));
        if (!url) continue;
        const [psnr, lpips] = [valueOf(row, "psnrY"), valueOf(row, "lpips")];
        const caption = `${psnr.toFixed(2)} dB` +
          (Number.isFinite(lpips) ? `, LPIPS ${lpips.toFixed(3)}` : "");
        results[name] = { url, badness: Number.isFinite(lpips) ? lpips : -psnr, caption };
      }
      rows.push({ set, image, truth, results });
    }
  }
  return rows;
}

/** The method whose worst images are shown first: the last zoo entry, or else the last method. */
export function viewerStart({ methods }: BenchRecord): string {
  return (methods.findLast(({ facts }) => facts.family !== undefined) ?? methods.at(-1))?.name ??
    "";
}

async function dataUrl(path: string): Promise<string | undefined> {
  if (!await exists(path)) return undefined;
  return `data:image/jpeg;base64,${(await Deno.readFile(path)).toBase64()}`;
}
