import { expect } from "expect";
import { baseline, baselines } from "../../bench/methods/baselines.ts";
import { atTemperatures, entryMethod, entryName } from "../../bench/methods/entry.ts";
import { readSpec } from "../../lib/spec.ts";
import { resultsMethod } from "../../bench/methods/results.ts";
import { type Image, resizeImage } from "../../mod.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

const run = (name: string, low: Image, scale: number) =>
  baseline(name).enlarge({ low, scale, seed: 0, set: "s", image: "a" });

for (const name of baselines) {
  Deno.test(`baseline("${name}") keeps a flat image flat, including alpha`, async () => {
    const data = new Uint8ClampedArray(5 * 4 * 4);
    for (let i = 0; i < data.length; i++) data[i] = [10, 99, 200, 77][i % 4];
    const result = await run(name, { width: 5, height: 4, data, channels: 4 }, 3);
    expect([result.width, result.height]).toEqual([15, 12]);
    expect(result.data.every((value, i) => value === [10, 99, 200, 77][i % 4])).toBe(true);
  });
}

Deno.test('baseline("nearest") repeats pixels', async () => {
  const low = textured(3, 2);
  const { data } = await run("nearest", low, 2);
  const pixel = (from: Uint8ClampedArray, i: number) => [...from.subarray(4 * i, 4 * i + 4)];
  expect(pixel(data, 6 * 3 + 5)).toEqual(pixel(low.data, 3 + 2));
});

Deno.test('baseline("lanczos3") enlarges an edge with the weights of Lanczos with 3 lobes', async () => {
  const step = textured(8, 1);
  for (let i = 0; i < 32; i++) step.data[i] = i % 4 === 3 ? 255 : i < 16 ? 0 : 200;
  const { data } = await run("lanczos3", step, 2);
  const sinc = (x: number) => Math.sin(Math.PI * x) / (Math.PI * x);
  const kernel = (x: number) => sinc(x) * sinc(x / 3);
  const weights = [-2.25, -1.25, -0.25, 0.75, 1.75, 2.75].map(kernel);
  // Output 8 lies at 3.75, between inputs 1 to 6, of which 4, 5 and 6 are bright.
  const bright = weights[2] + weights[1] + weights[0];
  const expected = 200 * bright / weights.reduce((a, b) => a + b);
  expect(data[4 * 8]).toBe(Math.round(expected));
});

Deno.test("readSpec() reads a model and its options", () => {
  expect(readSpec("srdiff+steps=8+consistency+fidelity=0.5")).toEqual({
    model: "srdiff",
    options: { steps: 8, consistency: true, fidelity: 0.5 },
  });
  expect(() => readSpec("srdiff+seed=3")).toThrow("the options are steps, temperature");
});

Deno.test("atTemperatures() makes a spec for each temperature, and entryName() names it", () => {
  const specs = atTemperatures("./zoo/srflow/+consistency", [0, 0.5, 1]);
  expect(specs.map((spec) => readSpec(spec).options.temperature)).toEqual([0, 0.5, 1]);
  expect(specs.map(entryName)).toEqual([
    "srflow+consistency tau 0",
    "srflow+consistency tau 0.5",
    "srflow+consistency tau 1",
  ]);
  expect(entryName("srdiff+temperature=0.8+steps=8")).toBe("srdiff+steps=8 tau 0.8");
  expect(() => atTemperatures("srflow+temperature=1", [0])).toThrow(
    "Cannot use --temperature with srflow+temperature=1",
  );
});

Deno.test("entryMethod() runs an entry in a folder with its options, and its digest depends on them", async () => {
  const folder = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
  const low = textured(12, 9);
  const input = { low, scale: 4, set: "s", image: "a" };
  await using method = await entryMethod(folder, { provider: "native", threads: 1 });
  await using other = await entryMethod(`${folder}+steps=2`, { provider: "native", threads: 1 });
  expect([method.name, method.generative, method.scale]).toEqual(["srdiff-tiny", true, 4]);
  expect([other.name, other.facts.nfe]).toEqual(["srdiff-tiny+steps=2", 2]);
  expect(method.digest).not.toBe(other.digest);
  const [a, again, b] = [
    await method.enlarge({ ...input, seed: 1 }),
    await method.enlarge({ ...input, seed: 1 }),
    await method.enlarge({ ...input, seed: 2 }),
  ];
  expect([a.width, a.height]).toEqual([48, 36]);
  expect(again.data).toEqual(a.data);
  expect(b.data).not.toEqual(a.data);
});

/** Names under which a result of "a" in "Set5" x4 is found. */
const PLACES = ["Set5x4/a.png", "Set5/a.png", "a.png", "ax4.png", "a_x4.png", "a-srdiff-x4.png"];

for (const place of PLACES) {
  Deno.test(`resultsMethod() finds ${place}`, () =>
    withFolder(async (folder) => {
      const picture = resizeImage(textured(4, 4), { width: 16, height: 16 });
      await writePng(`${folder}/${place}`, picture);
      await writePng(`${folder}/ab.png`, textured(16, 16));
      const method = await resultsMethod("mine", folder);
      const input = { low: textured(4, 4), scale: 4, seed: 0, set: "Set5", image: "a" };
      expect((await method.enlarge(input)).data).toEqual(picture.data);
      await expect(method.enlarge({ ...input, image: "c" })).rejects.toThrow(
        "Cannot find a result",
      );
    }));
}

Deno.test("resultsMethod() refuses a folder that does not exist", async () => {
  await expect(resultsMethod("mine", "/nowhere")).rejects.toThrow("there is no folder /nowhere");
});
