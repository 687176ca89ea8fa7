/** How damaged a whole image is: the value of the option `restore: "auto"`. @module */

import type { Engine } from "./enlarge.ts";
import { bleed } from "./image/bleed.ts";
import { cropImage } from "./image/crop.ts";
import type { Image } from "./image/image.ts";
import { toTensor } from "./image/pixels.ts";
import type { Plan } from "./plan.ts";

/**
 * Completes a plan whose `restore` is "auto" with the mean of the entry's local estimates over the image, 0 to 1.
 *
 * The image is processed tile by tile, so that memory is bounded by a tile.
 */
export async function settleRestore({ model }: Engine, source: Image, plan: Plan): Promise<Plan> {
  if (plan.restore !== "auto" || !model.damage) return plan;
  const { tiling, signal } = plan;
  const { size } = tiling;
  let sum = 0;
  for (let y = 0; y < source.height; y += size) {
    for (let x = 0; x < source.width; x += size) {
      const width = Math.min(size, source.width - x), height = Math.min(size, source.height - y);
      const lr = toTensor(bleed(cropImage(source, { x, y, width, height }))).rgb;
      const { data, dims: [, , , stride] } = await model.damage({ lr, tiling, signal });
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) sum += data[row * stride + column];
      }
    }
  }
  const mean = sum / (source.width * source.height);
  return { ...plan, restore: Math.min(1, Math.max(0, mean)) };
}
