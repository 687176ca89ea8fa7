import { expect } from "expect";
import { load } from "../lib/load.ts";
import { toImage } from "../lib/image/pixels.ts";
import type { UpscaleOptions } from "../lib/plan.ts";
import { testPicture } from "./contracts/family.ts";

// Uses weights of the zoo: only in trained networks the middle of the receptive field counts most.
const entries: Record<string, UpscaleOptions> = {
  regression: {},
  "regression-photo": { restore: 0.85 },
  srdiff: { seed: 1, steps: 1 },
  "srdiff-photo": { seed: 1, steps: 1, restore: 0.85 },
  sr3: { seed: 1, steps: 1 },
  ddpm: { seed: 1, steps: 1 },
};
for (const [id, options] of Object.entries(entries)) {
  Deno.test(`upscale() with ${id} gives the same image within 1/255 in tiles and regions that overlap by less than its radius`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    const source = toImage(testPicture(24, 120));
    const plan = (more: UpscaleOptions) => upscaler.plan(source, { ...options, ...more });
    const { images: [whole] } = await upscaler.upscale(source, plan({ tile: 256 }));
    const tiled = plan({ tile: 64 });
    const divided = plan({ tile: 64, memory: tiled.memory - 1 });
    expect(tiled.tiling.overlap).toBeLessThan(upscaler.card.tiling!.overlap);
    expect(tiled.runs).toBeGreaterThan(plan({ tile: 256 }).runs);
    expect(tiled.regions.columns.length).toBe(1);
    expect(divided.regions.columns.length).toBeGreaterThan(1);
    for (const plan of [tiled, divided]) {
      const { images: [parts] } = await upscaler.upscale(source, plan);
      const apart = whole.data.map((value, i) => Math.abs(value - parts.data[i]));
      expect(apart.some((value) => value > 1)).toBe(false);
      expect(apart.filter((value) => value > 0).length).toBeLessThan(whole.data.length / 100);
    }
  });
}
