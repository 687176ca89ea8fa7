/** How much longer the library takes than the graphs that it runs. @module */

import { encodeImage, load } from "../../mod.ts";
import { openBare } from "./bare.ts";
import { clocked, seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { photograph } from "./photograph.ts";

/** Sizes of the source; the second only among the large images. */
const SIZES = [[320, 240], [640, 480]] as const;

/** From pixels to pixels, and from pixels to a PNG file, against the bare graphs. */
export const overhead: Study = {
  name: "overhead",
  about:
    "time of upscale(), and with the PNG file, against that of the bare graphs; one step, native",
  async *measure({ models, large }, signal): AsyncGenerator<Goal> {
    for (const id of models) {
      await using bare = await openBare(id);
      await using upscaler = await load(id, { provider: "native" });
      const options = upscaler.generative ? { seed: 0, steps: 1 } : {};
      for (const [width, height] of large ? SIZES : SIZES.slice(0, 1)) {
        const source = await photograph(width, height);
        const { images: [image] } = await upscaler.upscale(source, options);
        const took = await clocked({
          graphs: () => bare.run(width, height),
          upscale: () => upscaler.upscale(source, options),
          png: () => encodeImage(image, { format: "png" }),
        }, signal);
        const note = `graphs ${seconds(took.graphs)}, upscale() ${seconds(took.upscale)}, PNG ` +
          seconds(took.png);
        const what = `${id} ${width}x${height}`;
        const goal = { most: 1.15 };
        yield {
          what: `${what}: upscale() : graphs`,
          value: took.upscale / took.graphs,
          goal,
          note,
        };
        const whole = (took.upscale + took.png) / took.graphs;
        yield { what: `${what}: with PNG : graphs`, value: whole, goal };
      }
    }
  },
};
