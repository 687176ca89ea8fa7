import { expect } from "expect";
import { toImage } from "../lib/image/pixels.ts";
import type { Image } from "../lib/image/image.ts";
import { cascade } from "../lib/abilities/cascade.ts";
import { load } from "../lib/load.ts";
import type { UpscaleOptions } from "../lib/plan.ts";
import { loadTiny } from "./_tiny.ts";
import { readTiny, testPicture } from "./contracts/family.ts";

const source = toImage(testPicture(70, 44)); // more than one tile of 32

/** Mean of all colours, 0 to 255. */
function meanOf({ data }: Image): number {
  return data.reduce((sum, v, i) => sum + (i % 4 < 3 ? v : 0), 0) / (data.length * 3 / 4);
}

Deno.test("restore is fed to every graph that has the input", async () => {
  await using upscaler = await loadTiny("photo-tiny");
  expect(upscaler.accepts).toContain("restore");
  const draw = async (restore: number, fidelity: number) => {
    const { images, restore: told } = await upscaler.upscale(source, {
      seed: 1,
      restore,
      fidelity,
    });
    expect(told).toBe(restore);
    return images[0];
  };
  // The encoder darkens by restore / 10 of a range of 2; the denoiser has its own input.
  const [none, all] = [await draw(0, 0), await draw(1, 0)];
  expect(meanOf(none) - meanOf(all)).toBeCloseTo(12.75, 0);
  const [noneDrawn, allDrawn] = [await draw(0, 1), await draw(1, 1)];
  const spread = (a: Image, b: Image) => {
    const shift = meanOf(a) - meanOf(b);
    return a.data.reduce((sum, v, i) => i % 4 < 3 ? sum + Math.abs(v - b.data[i] - shift) : sum, 0);
  };
  expect(spread(noneDrawn, none)).toBeGreaterThan(1.2 * spread(allDrawn, all));
});

Deno.test("restore auto is the mean of the entry's own estimates, reported in the result", async () => {
  await using upscaler = await loadTiny("photo-tiny");
  expect(upscaler.plan(source).restore).toBe("auto");
  const result = await upscaler.upscale(source, { seed: 1 });
  expect(result.restore).toBeCloseTo(meanOf(source) / 255, 5);
  const again = await upscaler.upscale(source, { seed: 1, restore: result.restore });
  expect(again.images).toEqual(result.images);
  expect((await upscaler.upscale(source, { seed: 1, restore: "auto", tile: 16 })).restore)
    .toBeCloseTo(result.restore!, 6);
});

Deno.test("upscale() warns that consistency puts back the damage that restore removed", async () => {
  await using upscaler = await loadTiny("photo-tiny");
  const warned = async (options: UpscaleOptions) =>
    (await upscaler.upscale(source, { seed: 1, ...options })).warnings
      .some((warning) => warning.startsWith("consistency puts back"));
  expect(await warned({ consistency: true })).toBe(true);
  expect(await warned({ consistency: true, restore: 0 })).toBe(false);
  expect(await warned({ restore: 1 })).toBe(false);
});

Deno.test("restore is refused if the entry does not have it, or if it is out of range", async () => {
  await using upscaler = await loadTiny("photo-tiny");
  for (const restore of [-0.1, 1.1, NaN]) {
    await expect(upscaler.upscale(source, { restore })).rejects.toThrow(/restore = .* from 0 to 1/);
  }
  for (const id of ["srdiff-tiny", "regression-tiny", "sr3-tiny"]) {
    await using other = await loadTiny(id);
    await expect(other.upscale(source, { restore: 0.5 })).rejects.toThrow(/"restore": the family/);
    expect(other.plan(source).restore).toBe(undefined);
  }
});

Deno.test("restore auto needs the graph that estimates it", async () => {
  const { card, folder } = await readTiny("photo-tiny");
  const { damage: _, ...graphs } = card.graphs;
  const blind = { ...card, graphs, fixture: undefined, base: folder.href };
  await using upscaler = await load(blind, { provider: "native", threads: 1 });
  expect(() => upscaler.plan(source)).toThrow(/no graph "damage"/);
  expect(upscaler.plan(source, { restore: 0.5 }).restore).toBe(0.5);
});

Deno.test("restore goes through a cascade to the stages that have it", async () => {
  await using both = cascade([await loadTiny("photo-tiny"), await loadTiny("regression-tiny")]);
  const small = toImage(testPicture(8, 8));
  const { images: [kept] } = await both.upscale(small, { seed: 1, restore: 0 });
  const { images: [gone] } = await both.upscale(small, { seed: 1, restore: 1 });
  expect(meanOf(kept) - meanOf(gone)).toBeGreaterThan(5);
});
