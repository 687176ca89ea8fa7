import { expect } from "expect";
import { load } from "../lib/load.ts";
import { toImage } from "../lib/image/pixels.ts";
import { testPicture } from "./contracts/family.ts";

// With weights of the zoo, since it is their training that lets the middle of a receptive field count most.
for (const id of ["regression", "srdiff"]) {
  Deno.test(`upscale() with ${id} in tiles that overlap by less than its radius is the whole within 1 of 255`, async () => {
    await using upscaler = await load(id, { provider: "native", threads: 1 });
    const source = toImage(testPicture(24, 120));
    const options = id === "srdiff" ? { seed: 1, steps: 1 } : {};
    const [whole, tiled] = [256, 64].map((tile) => upscaler.plan(source, { ...options, tile }));
    expect(tiled.tiling.overlap).toBeLessThan(upscaler.card.tiling!.overlap);
    expect(tiled.runs).toBeGreaterThan(whole.runs);
    const { images: [a] } = await upscaler.upscale(source, whole);
    const { images: [b] } = await upscaler.upscale(source, tiled);
    const apart = a.data.map((value, i) => Math.abs(value - b.data[i]));
    expect(apart.some((value) => value > 1)).toBe(false);
    expect(apart.filter((value) => value > 0).length).toBeLessThan(a.data.length / 1000);
  });
}
