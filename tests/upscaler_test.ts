import { expect } from "expect";
import type { Image } from "../lib/image/image.ts";
import { toImage, toTensor } from "../lib/image/pixels.ts";
import { resize } from "../lib/image/resize.ts";
import { lrPsnr } from "../lib/metrics/consistency.ts";
import type { Progress, UpscaleOptions } from "../lib/plan.ts";
import { tensor } from "../lib/tensor/tensor.ts";
import { load } from "../lib/load.ts";
import type { ModelCard } from "../lib/zoo/card.ts";
import { apart, loadTiny } from "./_tiny.ts";
import { testPicture } from "./contracts/family.ts";

const bicubic: ModelCard = {
  id: "bicubic",
  name: "bicubic",
  description: "no network",
  family: "bicubic",
  scale: 4,
  version: "1.0.0",
  licence: { weights: "CC0-1.0", data: [] },
  graphs: {},
};

const photo = (height: number, width: number): Image => toImage(testPicture(height, width));

Deno.test("load() opens an entry without a network", async () => {
  await using upscaler = await load(bicubic);
  expect([upscaler.provider, upscaler.tried]).toEqual(["none", []]);
  const source = photo(7, 9);
  const { images, provider, model, seed, warnings } = await upscaler.upscale(source);
  expect({ provider, model, seed, warnings }).toEqual({
    provider: "none",
    model: "bicubic",
    seed: undefined,
    warnings: [],
  });
  const exact = toImage(resize(toTensor(source).rgb, { width: 36, height: 28 }));
  expect(images).toEqual([exact]);
});

Deno.test("upscale() makes the same images for the same seed, and different ones for another", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(20, 26);
  const first = await upscaler.upscale(source, { seed: 5, samples: 2 });
  expect(first).toMatchObject({
    model: "srdiff-tiny",
    seed: 5,
    sampler: "ddim",
    steps: 4,
    graph: "fast",
    provider: "native",
  });
  expect(await upscaler.upscale(source, { seed: 5, samples: 2 })).toEqual(first);
  expect(apart(first.images[0], first.images[1])).toBeGreaterThan(2);
  const alone = await upscaler.upscale(source, { seed: 5 });
  expect(alone.images[0]).toEqual(first.images[0]);
  const other = await upscaler.upscale(source, { seed: 6 });
  expect(apart(other.images[0], first.images[0])).toBeGreaterThan(2);
});

Deno.test("upscale() returns the seed that it drew, and that seed reproduces the image", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(6, 6);
  const drawn = await upscaler.upscale(source);
  expect(Number.isInteger(drawn.seed)).toBe(true);
  expect(await upscaler.upscale(source, { seed: drawn.seed })).toEqual(drawn);
});

Deno.test("upscale() applies temperature, fidelity, sampler and steps", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(12, 12);
  const draw = async (options: UpscaleOptions) =>
    (await upscaler.upscale(source, { seed: 1, ...options })).images[0];
  const plain = await draw({});
  for (const sampler of ["ddpm", "dpmpp2m"] as const) {
    expect(apart(await draw({ sampler }), plain)).toBeGreaterThan(0);
  }
  expect(apart(await draw({ steps: 6 }), plain)).toBeGreaterThan(0);
  const cold = await draw({ temperature: 0 });
  expect(await draw({ temperature: 0, seed: 2 })).toEqual(cold);
  expect(apart(cold, plain)).toBeGreaterThan(2);
  const base = await draw({ fidelity: 0 });
  expect(await draw({ fidelity: 0, seed: 2 })).toEqual(base);
  const half = await draw({ fidelity: 0.5 });
  const middle = { ...base, data: base.data.map((v, i) => (v + plain.data[i]) / 2) };
  expect(apart(half, middle)).toBeLessThanOrEqual(4); // bytes are rounded, and clipped at 0 and 255
});

for (const [id, tolerance] of [["regression-tiny", 1], ["srdiff-tiny", 2]] as const) {
  Deno.test(`upscale() with ${id} hardly depends on tiles and regions`, async () => {
    await using upscaler = await loadTiny(id);
    const source = photo(151, 230);
    const options = id === "srdiff-tiny" ? { seed: 3 } : {};
    const whole = await upscaler.upscale(source, { ...options, tile: 256 });
    for (const memory of [230e6, 226e6]) {
      const plan = upscaler.plan(source, { ...options, memory });
      expect(plan.regions.rows.length * plan.regions.columns.length).toBeGreaterThan(1);
      const { images } = await upscaler.upscale(source, { ...options, memory });
      expect(apart(images[0], whole.images[0])).toBeLessThanOrEqual(tolerance);
    }
  });
}

Deno.test("upscale() with consistency gives an image that shrinks to the source", async () => {
  for (const id of ["regression-tiny", "srdiff-tiny"]) {
    await using upscaler = await loadTiny(id);
    const source = photo(60, 80);
    const plain = await upscaler.upscale(source);
    const { images } = await upscaler.upscale(source, { consistency: true });
    expect(lrPsnr(images[0], source)).toBeGreaterThan(50);
    expect(lrPsnr(plain.images[0], source)).toBeLessThan(50);
  }
});

Deno.test("upscale() with consistency reports what it reached, and warns if that is too little", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(20, 24);
  const good = await upscaler.upscale(source, { seed: 1, samples: 2, consistency: true });
  expect(good.lrPsnr).toEqual(good.images.map((image) => lrPsnr(image, source)));
  expect(good.warnings).toEqual([]);
  // Single black pixels on white: no image within the range shrinks to that.
  const data = source.data.map((_, i) => i % 4 === 3 || i % 20 > 3 ? 255 : 0);
  const hard = await upscaler.upscale({ ...source, data }, { seed: 1, consistency: true });
  expect(hard.lrPsnr![0]).toBeLessThan(50);
  expect(hard.warnings).toEqual([expect.stringMatching(/\d+\.\d dB from the source/)]);
  expect((await upscaler.upscale(source, { seed: 1 })).lrPsnr).toBe(undefined);
});

Deno.test("upscale() with consistency gives the same image in several regions as in one", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(150, 180);
  const options = { seed: 1, consistency: true };
  const whole = await upscaler.upscale(source, options);
  const plan = upscaler.plan(source, { ...options, memory: 237e6 });
  expect(plan.regions.rows.length * plan.regions.columns.length).toBeGreaterThan(1);
  const { images, lrPsnr } = await upscaler.upscale(source, plan);
  expect(lrPsnr![0]).toBeGreaterThan(50);
  expect(Math.abs(lrPsnr![0] - whole.lrPsnr![0])).toBeLessThan(1);
  expect(apart(images[0], whole.images[0])).toBeLessThanOrEqual(3);
});

Deno.test("upscale() keeps the channels and the profile of the source", async () => {
  await using upscaler = await loadTiny("regression-tiny");
  const iccProfile = Uint8Array.of(1, 2, 3);
  for (const channels of [1, 2, 3, 4] as const) {
    const source = { ...photo(8, 6), channels, iccProfile };
    const translucent = channels % 2 === 0;
    for (let i = 0; i < source.data.length; i += 4) {
      if (channels <= 2) source.data.fill(source.data[i], i, i + 3);
      if (translucent) source.data[i + 3] = i % 255;
    }
    const { images: [image] } = await upscaler.upscale(source);
    expect([image.channels, image.iccProfile]).toEqual([channels, iccProfile]);
    const gray = image.data.every((v, i) => i % 4 === 3 || v === image.data[i - i % 4]);
    expect(gray).toBe(channels <= 2);
    expect(image.data.some((v, i) => i % 4 === 3 && v < 255)).toBe(translucent);
  }
});

Deno.test("upscale() enlarges opacity by bicubic and reveals no hidden colour", async () => {
  await using upscaler = await loadTiny("regression-tiny");
  const source = { ...photo(16, 16), channels: 4 as const };
  const other = { ...source, data: source.data.slice() };
  for (let i = 0; i < source.data.length; i += 4) {
    if (i / 4 % 16 < 8) continue;
    source.data[i + 3] = other.data[i + 3] = 0;
    source.data.fill(0, i, i + 3);
    other.data.fill(255, i, i + 3);
  }
  const [{ images: [black] }, { images: [white] }] = [
    await upscaler.upscale(source),
    await upscaler.upscale(other),
  ];
  expect(black).toEqual(white);
  const alpha = resize(toTensor(source).alpha!, { width: 64, height: 64 });
  black.data.forEach((v, i) => {
    if (i % 4 === 3) expect(v).toBe(toImage({ ...black3(alpha.data[i >> 2]) }).data[0]);
  });
});

/** One pixel of this value. */
const black3 = (v: number) => ({ data: Float32Array.of(v, v, v), dims: [1, 3, 1, 1] });

Deno.test("stream() shows every step and returns what upscale() gives", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(10, 12);
  const stream = upscaler.stream(source, { seed: 4, samples: 2 });
  const seen: number[][] = [];
  let last: Image | undefined;
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) {
    const { sample, step, steps, image } = next.value;
    seen.push([sample, step, steps]);
    last = await image();
    expect([last.width, last.height]).toEqual([48, 40]);
  }
  expect(seen).toEqual([0, 1].flatMap((sample) => [1, 2, 3, 4].map((step) => [sample, step, 4])));
  expect(next.value).toEqual(await upscaler.upscale(source, { seed: 4, samples: 2 }));
  expect(last).toEqual(next.value.images[1]);
});

Deno.test("stream() shows the finished part of an image in regions", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(151, 230);
  const stream = upscaler.stream(source, { seed: 4, memory: 230e6, steps: 1 });
  const covered: number[] = [];
  for await (const { image, step, steps } of stream) {
    expect(step).toBe(covered.length + 1);
    covered.push((await image()).data.filter((v, i) => i % 4 === 3 && v > 0).length);
    if (step === steps) expect(covered.at(-1)).toBe(4 * 151 * 4 * 230);
  }
  expect(covered.length).toBeGreaterThan(1);
  covered.forEach((count, i) => expect(count).toBeGreaterThan(covered[i - 1] ?? 0));
});

Deno.test("upscale() reports its progress, which never falls and ends at 1", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const seen: Progress[] = [];
  const source = photo(60, 70);
  const options = { seed: 1, samples: 2, onProgress: (progress: Progress) => seen.push(progress) };
  const { runs } = upscaler.plan(source, options);
  await upscaler.upscale(source, options);
  expect(seen.length).toBe(runs + 2);
  seen.forEach(({ fraction }, i) => expect(fraction).toBeGreaterThan(seen[i - 1]?.fraction ?? 0));
  expect(seen.at(-1)).toMatchObject({ phase: "finish", fraction: 1, step: 4, steps: 4 });
});

Deno.test("upscale() stops within one tile of one step", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const controller = new AbortController();
  let calls = 0;
  const run = upscaler.upscale(photo(60, 70), {
    signal: controller.signal,
    onProgress: () => ++calls === 9 && controller.abort(new Error("stopped")),
  });
  await expect(run).rejects.toThrow("stopped");
  expect(calls).toBe(9);
  const again = await upscaler.upscale(photo(6, 6), { seed: 1 });
  expect(again.images.length).toBe(1);
});

Deno.test("upscale() does not change the source", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = { ...photo(9, 9), channels: 4 as const };
  source.data[3] = 0;
  const before = source.data.slice();
  await upscaler.upscale(source, { consistency: true });
  expect(source.data).toEqual(before);
});

Deno.test("upscale() refuses to make pixels of NaN", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const noise = (_: unknown, dims: readonly number[]) => {
    const broken = tensor(dims);
    broken.data[7] = NaN;
    return broken;
  };
  await expect(upscaler.upscale(photo(6, 6), { noise })).rejects.toThrow(/NaN or infinity/);
});

Deno.test("upscale() runs a plan as it was made, with its seed", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const source = photo(10, 12);
  const plan = upscaler.plan(source, { samples: 2 });
  const seen: number[] = [];
  const changed = { ...plan, onProgress: ({ fraction }: Progress) => seen.push(fraction) };
  const planned = await upscaler.upscale(source, changed);
  expect(planned.seed).toBe(plan.seed);
  expect(seen.length).toBe(plan.runs + 2);
  expect(await upscaler.upscale(source, { seed: plan.seed, samples: 2 })).toEqual(planned);
});

Deno.test("upscale() refuses a plan for another size or another entry", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  await using other = await loadTiny("regression-tiny");
  const plan = upscaler.plan({ width: 12, height: 10 });
  await expect(upscaler.upscale(photo(12, 10), plan)).rejects.toThrow(/12x10, not .* 10x12/);
  await expect(other.upscale(photo(10, 12), plan)).rejects.toThrow(/for srdiff-tiny/);
});

Deno.test("upscale() refuses a plan whose choices were changed to values that no plan has", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const image = photo(6, 5);
  const plan = upscaler.plan(image, { seed: 1 });
  const changes = [{ samples: -1 }, { steps: 1e9 }, { seed: 0.5 }, { fidelity: NaN }, {
    sampler: "x",
  }];
  for (const change of changes) {
    const run = upscaler.upscale(image, { ...plan, ...change } as typeof plan);
    await expect(run).rejects.toThrow(RangeError);
  }
  const handles = { ...plan, onProgress: 3 } as unknown as typeof plan;
  await expect(upscaler.upscale(image, handles)).rejects.toThrow("onProgress");
  expect((await upscaler.upscale(image, { ...plan, seed: 2 })).seed).toBe(2);
});

Deno.test("stream() refuses a preview once the next step was asked for, and after the end", async () => {
  await using upscaler = await loadTiny("srdiff-tiny");
  const previews = await Array.fromAsync(upscaler.stream(photo(6, 5), { steps: 3 }));
  expect(previews.length).toBe(3);
  for (const { image, state } of previews) {
    await expect(image()).rejects.toThrow("ask for its image before the next step");
    await expect(state!()).rejects.toThrow("ask for its image before the next step");
  }
});

Deno.test("a closed upscaler refuses to work, even without networks, and can be closed again", async () => {
  for (const card of [bicubic, "srdiff-tiny", "srflow-tiny"]) {
    const upscaler = typeof card === "string" ? await loadTiny(card) : await load(card);
    await upscaler.close();
    await upscaler.close();
    const why = `Cannot use ${upscaler.card.id}: it is closed`;
    await expect(upscaler.upscale(photo(4, 4))).rejects.toThrow(why);
    await expect(upscaler.stream(photo(4, 4)).next()).rejects.toThrow(why);
    expect(upscaler.encode !== undefined).toBe(card === "srflow-tiny");
    const encoding = upscaler.encode?.(photo(4, 4), photo(16, 16));
    if (encoding) await expect(encoding).rejects.toThrow(why);
  }
});
