import { expect } from "expect";
import { cascade, fuse, type Image, interpolateSeeds, uncertainty } from "../../mod.ts";
import type { Progress, UpscaleOptions } from "../../mod.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { apart, loadTiny } from "../_tiny.ts";
import { testPicture } from "../contracts/family.ts";

const source = toImage(testPicture(9, 11));

Deno.test("cascade() enlarges the result of each stage with the next one", async () => {
  await using first = await loadTiny("regression-tiny");
  await using second = await loadTiny("regression-tiny");
  const both = cascade([first, second]);
  expect([both.card.scale, both.card.id, both.generative]).toEqual(
    [16, "regression-tiny+regression-tiny", false],
  );
  const { images: [middle] } = await first.upscale(source);
  const { images: wanted } = await second.upscale(middle);
  const { images, model, seed } = await both.upscale(source);
  expect([images[0].width, images[0].height]).toEqual([176, 144]);
  expect([model, seed]).toEqual([both.card.id, undefined]);
  expect(apart(images[0], wanted[0])).toBe(0);
});

Deno.test("cascade() draws each sample through all stages, each with its own noise", async () => {
  await using first = await loadTiny("srdiff-tiny");
  await using second = await loadTiny("sr3-tiny");
  const both = cascade([first, { upscaler: second, options: { steps: 2 } }]);
  const { images, seed } = await both.upscale(source, { seed: 4, samples: 2 });
  expect([images.length, seed, images[0].width]).toEqual([2, 4, 176]);
  expect(apart(images[0], images[1])).toBeGreaterThan(2);
  const alone = await both.upscale(source, { seed: 4 });
  expect(apart(alone.images[0], images[0])).toBe(0);
  const { images: middles } = await first.upscale(source, { seed: 4, samples: 2 });
  // The noise of the second stage differs from that of the same entry alone.
  const { images: [same] } = await second.upscale(middles[0], { seed: 4, steps: 2 });
  expect(apart(same, images[0])).toBeGreaterThan(2);
});

Deno.test("cascade() plans once and reports progress over all stages", async () => {
  await using first = await loadTiny("srdiff-tiny");
  await using second = await loadTiny("sr3-tiny");
  const both = cascade([first, second]);
  const plan = both.plan(source, { samples: 2 });
  expect(plan).toMatchObject({ width: 176, height: 144, sourceWidth: 11, samples: 2 });
  const seen: Progress[] = [];
  const widths: number[] = [];
  const walk = both.stream(source, { ...plan, onProgress: (progress) => seen.push(progress) });
  const steps: number[] = [];
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    widths.push((await next.value.image()).width);
    if (next.value.sample === 1) steps.push(next.value.step);
    expect(next.value.steps).toBe(4 + 3);
  }
  expect(next.value.seed).toBe(plan.seed);
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([...new Set(widths)]).toEqual([44, 176]);
  seen.forEach(({ fraction }, i) => {
    expect(fraction).toBeGreaterThanOrEqual(seen[i - 1]?.fraction ?? 0);
  });
  expect(seen.at(-1)!.fraction).toBeCloseTo(1, 9);
  expect(new Set(seen.map(({ sample }) => sample))).toEqual(new Set([0, 1]));
});

Deno.test("cascade() stops when its signal aborts, in any stage", async () => {
  await using both = cascade([await loadTiny("srdiff-tiny"), await loadTiny("sr3-tiny")]);
  for (const stage of both.plan(source).stages!) {
    const controller = new AbortController();
    const reason = new Error("enough");
    let last: Progress | undefined;
    const onProgress = (progress: Progress) => {
      const { phase, step, steps } = last = progress;
      if (phase === "sample" && step === 2 && steps === stage.steps) controller.abort(reason);
    };
    const run = both.upscale(source, { signal: controller.signal, onProgress, seed: 1 });
    await expect(run).rejects.toBe(reason);
    expect(last).toMatchObject({ phase: "sample", step: 2, steps: stage.steps });
  }
});

Deno.test("cascade() names options that no stage has, and refuses values that a stage refuses", async () => {
  await using both = cascade([await loadTiny("regression-tiny"), await loadTiny("sr3-tiny")]);
  const wrong = { sede: 1 } as UpscaleOptions;
  expect(() => both.plan(source, wrong)).toThrow(/"sede": no stage/);
  expect(() => both.plan(source, { steps: 11 })).toThrow(RangeError);
  expect(both.plan(source, { steps: 10, tile: 32 }).stages!.map(({ steps }) => steps)).toEqual([
    1,
    10,
  ]);
  expect(() => cascade([])).toThrow(RangeError);
});

Deno.test("interpolateSeeds(), uncertainty() and fuse() work on a cascade", async () => {
  await using both = cascade([await loadTiny("regression-tiny"), await loadTiny("srdiff-tiny")]);
  const from = await interpolateSeeds(both, source, { from: 1, to: 2, t: 0 });
  const { images: [plain] } = await both.upscale(source, { seed: 1 });
  expect(apart(from, plain)).toBe(0);
  const { deviation } = await uncertainty(both, source, { seed: 1, samples: 2 });
  expect(deviation.dims).toEqual([1, 1, 144, 176]);
  const reference = toImage(testPicture(144, 176));
  const white = { ...reference, data: reference.data.map(() => 255) };
  const led = await fuse(both, source, { reference, mask: white, seed: 1, strength: 1 });
  const error = (a: Image) => a.data.reduce((sum, v, i) => sum + (v - reference.data[i]) ** 2, 0);
  expect(error(led)).toBeLessThan(error(plain) / 2);
});
