import { expect } from "expect";
import { toImage } from "../../lib/image/pixels.ts";
import { families } from "../../lib/models/mod.ts";
import { ManifestError } from "../../lib/errors.ts";
import { apart, loadTiny } from "../_tiny.ts";
import { openTiny, readTiny, sampleOf, testPicture } from "../contracts/family.ts";

const source = toImage(testPicture(11, 14));

Deno.test("srflow() refuses steps, samplers, and temperatures above 1", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  expect(upscaler.generative).toBe(true);
  for (const options of [{ steps: 2 }, { sampler: "ddim" as const }]) {
    const [name] = Object.keys(options);
    expect(() => upscaler.plan(source, options)).toThrow(`"${name}"`);
  }
  expect(() => upscaler.plan(source, { temperature: 1.1 })).toThrow(/from 0 to 1/);
  expect(upscaler.plan(source)).toMatchObject({ temperature: 0.8, runs: 2, steps: 1 });
  const { seed, steps, sampler } = await upscaler.upscale(source, { seed: 5 });
  expect([seed, steps, sampler]).toEqual([5, undefined, undefined]);
});

Deno.test("srflow() ignores the seed at temperature 0, and deviates more the higher the temperature", async () => {
  await using upscaler = await loadTiny("srflow-tiny");
  const draw = async (temperature: number, seed = 1) =>
    (await upscaler.upscale(source, { seed, temperature })).images[0];
  const still = await draw(0);
  expect(await draw(0, 2)).toEqual(still);
  const distances = [];
  for (const tau of [0.25, 0.5, 1]) {
    const image = await draw(tau);
    distances.push(image.data.reduce((sum, v, i) => sum + (v - still.data[i]) ** 2, 0));
  }
  expect(distances[1] / distances[0]).toBeGreaterThan(3);
  expect(distances[2] / distances[1]).toBeGreaterThan(3);
  const { images } = await upscaler.upscale(source, { seed: 1, samples: 2 });
  expect(apart(images[0], images[1])).toBeGreaterThan(5);
});

Deno.test("srflow() with fidelity 0 gives the encoder's estimate", async () => {
  await using entry = await openTiny("srflow-tiny");
  const lr = testPicture(10, 12);
  const tiling = { size: 64, overlap: 4, multiple: 2 };
  const { estimate } = await entry.model.condition!({ lr, tiling });
  expect((await sampleOf(entry, lr, { fidelity: 0 })).data).toEqual(estimate!.data);
});

Deno.test("srflow() refuses a card without the section flow", async () => {
  const { card } = await readTiny("srflow-tiny");
  expect(() => families.srflow({ ...card, flow: undefined }, {})).toThrow(ManifestError);
  expect(() => families.srflow(card, {})).toThrow(/"encoder"/);
});
