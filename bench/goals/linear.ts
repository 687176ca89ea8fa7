/** Whether the time grows in proportion to the image. @module */

import { load } from "../../mod.ts";
import { seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { photograph } from "./photograph.ts";

/** Sides of the source of an entry of scale 4, and how often each is timed: from 0.25 to 32 megapixels. */
const SIDES = [[128, 9], [256, 5], [512, 3], [1024, 1], [1434, 1]] as const;

/** Seconds per pixel, the slowest size against the fastest. */
export const linear: Study = {
  name: "linear",
  about: "time per pixel of the result, the slowest size against the fastest",
  async *measure({ large }, signal): AsyncGenerator<Goal> {
    await using upscaler = await load("regression", { provider: "native" });
    await upscaler.upscale(await photograph(256, 256)); // the first run warms up
    const rates: { side: number; rate: number }[] = [];
    for (const [side, runs] of large ? SIDES : SIDES.slice(0, 3)) {
      const source = await photograph(side, side);
      let least = Infinity;
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        await upscaler.upscale(source, { signal });
        least = Math.min(least, performance.now() - start);
      }
      rates.push({ side, rate: least / (4 * side) ** 2 });
    }
    const sorted = rates.map(({ rate }) => rate).sort((a, b) => a - b);
    const note = rates.map(({ side, rate }) =>
      `${((4 * side) ** 2 / 1e6).toFixed(1)} Mpx ${seconds(1e6 * rate)}/Mpx`
    ).join(", ");
    const value = sorted.at(-1)! / sorted[0];
    yield { what: "regression: slowest pixel : fastest", value, goal: { most: 1.1 }, note };
  },
};
