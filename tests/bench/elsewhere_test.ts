import { expect } from "expect";
import { fileURLToPath } from "node:url";
import { readRecord } from "../../bench/record.ts";
import { python } from "../_python.ts";
import { bench } from "./_bench.ts";
import { withFolder } from "./_pictures.ts";

const root = new URL("../../", import.meta.url);
const PHOTOGRAPHS = ["astronaut", "chelsea", "coffee"];

/** Shrinks and enlarges each image with numpy's bicubic, and writes the result with Pillow. */
const ENLARGE = `
import sys
import numpy as np
from PIL import Image
from srzoo_train.bicubic import resize, shrink

for source, target in zip(sys.argv[1::2], sys.argv[2::2]):
    high = np.asarray(Image.open(source).convert("RGB"))
    height, width = high.shape[0] // 4 * 4, high.shape[1] // 4 * 4
    Image.fromarray(resize(shrink(high[:height, :width], 4), height, width)).save(target)
`;

/** How much the figures of the same image may differ. */
const TOLERANCE: Record<string, number> = { psnrY: 0.01, psnrRgb: 0.01, lrPsnr: 0.01 };

Deno.test({
  name:
    "bench gives bicubic PNGs from numpy and Pillow the figures of its own bicubic (needs Python)",
  ignore: python === undefined,
  fn: () =>
    withFolder(async (folder) => {
      for (const place of ["photos", "results"]) await Deno.mkdir(`${folder}/${place}`);
      for (const name of PHOTOGRAPHS) {
        await Deno.copyFile(new URL(`docs/${name}.png`, root), `${folder}/photos/${name}.png`);
      }
      const files = PHOTOGRAPHS.flatMap((name) =>
        ["photos", "results"].map((place) => `${folder}/${place}/${name}.png`)
      );
      const { success, stderr } = await new Deno.Command(python!, {
        args: ["-c", ENLARGE, ...files],
        env: { PYTHONPATH: fileURLToPath(new URL("train", root)) },
      }).output();
      expect([success, new TextDecoder().decode(stderr)]).toEqual([true, ""]);
      const out = `${folder}/out.json`;
      const { code } = await bench([
        ...["--model", "bicubic", "--set", `${folder}/photos`, "--out", out],
        ...["--results", `elsewhere=${folder}/results`],
      ]);
      expect(code).toBe(0);
      const { rows } = await readRecord(out);
      const figures = (method: string, image: string) =>
        rows.find((row) => row.method === method && row.image === image)!.samples[0].figures;
      for (const image of PHOTOGRAPHS) {
        const { seconds: _, ...mine } = figures("bicubic", image);
        const theirs = figures("elsewhere", image);
        expect(mine.psnrY).toBeGreaterThan(15);
        for (const [key, value] of Object.entries(mine)) {
          const difference = Math.abs(theirs[key] - value);
          expect([image, key, difference <= (TOLERANCE[key] ?? 0.0005)]).toEqual([
            image,
            key,
            true,
          ]);
        }
      }
    }),
});
