/** The memory that the command line takes. @module */

import { join } from "node:path";
import { encodeImage } from "../../mod.ts";
import { seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { photograph } from "./photograph.ts";
import { watched } from "./program.ts";

/** Sizes of the source, the most megabytes that the default entry may take, and whether that takes minutes. */
const CASES = [
  { width: 320, height: 240, most: 450, isLarge: false },
  { width: 960, height: 540, most: 900, isLarge: false },
  { width: 4096, height: 16, most: 900, isLarge: false },
  { width: 16384, height: 16, most: 2500, isLarge: true },
  { width: 4000, height: 3000, most: 2500, isLarge: true },
];

/** Peak of resident memory of the whole process, from a PNG file to a PNG file. */
export const memory: Study = {
  name: "memory",
  about: "peak of resident memory of the command line, default entry, PNG to PNG",
  async *measure({ large }, signal): AsyncGenerator<Goal> {
    if (Deno.build.os !== "linux") return;
    const folder = await Deno.makeTempDir();
    try {
      for (const { width, height, most, isLarge } of CASES) {
        if (isLarge && !large) continue;
        const path = join(folder, `${width}x${height}.png`);
        await Deno.writeFile(
          path,
          await encodeImage(await photograph(width, height), { format: "png" }),
        );
        const out = join(folder, `${width}x${height}-large.png`);
        const { peak, took } = await watched(["--seed", "0", path, "-o", out], signal);
        yield {
          what: `peak, ${width}x${height} to ${4 * width}x${4 * height}`,
          value: peak / 1e6,
          unit: "MB",
          goal: { most },
          note: seconds(took),
        };
        await Deno.remove(out);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};
