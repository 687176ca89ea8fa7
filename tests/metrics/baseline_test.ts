// Compares each image with the figures of numpy and scipy in ../shared/data/eval/bicubic-baseline.csv.
import { expect } from "expect";
import { existsSync } from "node:fs";
import { readImage } from "../../lib/image/files/read.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { lrPsnr, psnrRgb, psnrY, ssimY } from "../../lib/metrics/mod.ts";
import { cropImage } from "../../lib/image/crop.ts";

const folder = new URL("../../../shared/data/eval/", import.meta.url);
const ignore = !existsSync(folder);
if (ignore) console.log("baseline_test: skipped, ../shared/data/eval is absent");

const [head, ...rows] = ignore
  ? [""]
  : Deno.readTextFileSync(new URL("bicubic-baseline.csv", folder)).trim().split("\n");
const columns = head.split(",");
const images = rows.map((row) =>
  Object.fromEntries(row.split(",").map((cell, i) => [columns[i], cell]))
);

async function checkImage(row: Record<string, string>, scale: number) {
  const read = (kind: string) => readImage(new URL(`${row.set}/${kind}/${row.name}.png`, folder));
  const low = await read(`LRx${scale}`);
  const size = { width: low.width * scale, height: low.height * scale };
  const truth = cropImage(await read("HR"), { x: 0, y: 0, ...size });
  const result = resizeImage(low, size);
  const border = scale;
  const expected = (metric: string) => Number(row[`x${scale}_${metric}`]);
  expect(Math.abs(psnrY(result, truth, { border }) - expected("psnr_y"))).toBeLessThan(0.01);
  expect(Math.abs(ssimY(result, truth, { border }) - expected("ssim_y"))).toBeLessThan(0.0005);
  expect(Math.abs(psnrRgb(result, truth, { border }) - expected("psnr_rgb"))).toBeLessThan(0.01);
  expect(lrPsnr(result, low)).toBeGreaterThan(25);
}

/** Sets that are also checked at x8: only the border of the metrics depends on the scale. */
const SMALL = ["Set5", "Set14"];

for (const scale of [4, 8]) {
  for (const set of [...new Set(images.map((row) => row.set))]) {
    if (scale === 8 && !SMALL.includes(set)) continue;
    Deno.test({
      name: `psnrY(), ssimY() and psnrRgb() equal numpy's for bicubic x${scale} on all of ${set}`,
      ignore,
      async fn() {
        for (const row of images.filter((image) => image.set === set)) await checkImage(row, scale);
      },
    });
  }
}

Deno.test({
  name: "the baseline contains all 160 images",
  ignore,
  fn: () => expect(images.length).toBe(160),
});
