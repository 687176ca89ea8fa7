import { expect } from "expect";
import type { Image } from "../lib/image/image.ts";
import type { ImageGenerator } from "../lib/generator.ts";
import { load, loadGenerator } from "../lib/load.ts";
import type { Progress } from "../lib/plan.ts";
import { apart } from "./_tiny.ts";
import { readTiny } from "./contracts/family.ts";

const onCpu = { provider: "native", threads: 1 } as const;

async function open(): Promise<ImageGenerator> {
  const { folder } = await readTiny("ddpm-free-tiny");
  return await loadGenerator(new URL("model.yml", folder), onCpu);
}

Deno.test("generate() draws images of any size, the same for the same seed", async () => {
  await using generator = await open();
  for (const [width, height] of [[32, 24], [1, 1], [37, 22]]) {
    const { images, seed, steps } = await generator.generate({
      width,
      height,
      seed: 3,
      samples: 2,
    });
    expect(images.map((image) => [image.width, image.height, image.data.length])).toEqual(
      [0, 1].map(() => [width, height, 4 * width * height]),
    );
    expect([seed, steps]).toEqual([3, 4]);
    expect(apart(images[0], images[1])).toBeGreaterThan(20);
    const again = await generator.generate({ width, height, seed: 3, samples: 2 });
    expect(again.images).toEqual(images);
  }
});

Deno.test("generate() draws a larger image that equals the smaller one at the top left, away from its edges", async () => {
  await using generator = await open();
  const [small, large] = await Promise.all([64, 128].map(async (side) => {
    const { images: [image] } = await generator.generate({
      width: side,
      height: side,
      seed: 1,
      steps: 1,
    });
    return image;
  }));
  for (let y = 0; y < 48; y++) {
    for (let x = 0; x < 4 * 48; x++) {
      const difference = small.data[y * 4 * 64 + x] - large.data[y * 4 * 128 + x];
      expect(Math.abs(difference)).toBeLessThanOrEqual(1);
    }
  }
});

Deno.test("stream() of a generator shows every step and its noisy state", async () => {
  await using generator = await open();
  const seen: Progress[] = [];
  const plan = generator.plan({ width: 30, height: 20, steps: 3, seed: 2 });
  const walk = generator.stream({ ...plan, onProgress: (progress) => seen.push(progress) });
  const states: Image[] = [];
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    const { step, steps, image, state } = next.value;
    expect([step, steps, (await image()).width]).toEqual([states.length + 1, 3, 30]);
    states.push(await state!());
  }
  expect(states.length).toBe(3);
  expect([seen.at(-1)!.fraction, seen.length]).toEqual([1, plan.runs + 1]);
  expect(apart(states[0], next.value.images[0])).toBeGreaterThan(20);
});

Deno.test("generate() refuses options that it does not have, and values out of range", async () => {
  await using generator = await open();
  const size = { width: 16, height: 16 };
  for (const options of [{ fidelity: 0.5 }, { consistency: true }, { steps: 21 }, { width: 0 }]) {
    await expect(generator.generate({ ...size, ...options })).rejects.toThrow(
      /^Cannot (obey|use|draw)/,
    );
  }
});

Deno.test("generate() refuses a plan with a function or a signal of the wrong type", async () => {
  await using generator = await open();
  const plan = generator.plan({ width: 16, height: 16 });
  for (const name of ["onProgress", "signal", "noise"]) {
    await expect(generator.generate({ ...plan, [name]: 5 })).rejects.toThrow(
      `Cannot use ${name} = 5: it must be a`,
    );
  }
});

Deno.test("load() and loadGenerator() name each other for entries of the other kind", async () => {
  const { folder } = await readTiny("ddpm-free-tiny");
  await expect(load(new URL("model.yml", folder), onCpu)).rejects.toThrow(/loadGenerator\(\)/);
  const other = await readTiny("sr3-tiny");
  await expect(loadGenerator(new URL("model.yml", other.folder), onCpu)).rejects.toThrow(
    /load\(\)/,
  );
});
