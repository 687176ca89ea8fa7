import { expect } from "expect";
import { ManifestError } from "../../lib/errors.ts";
import { enlargements } from "../../lib/models/enlargements.ts";
import { families } from "../../lib/models/mod.ts";
import { linearSchedule } from "../../lib/diffusion/schedule.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import type { Diffusion, ModelCard } from "../../lib/zoo/card.ts";
import { bytesApart, openTiny, readTiny, sampleOf, testPicture } from "../contracts/family.ts";
import { type NetworkFunction, openFunctions } from "../contracts/family.ts";

const withDiffusion = (change: Partial<Diffusion>) => (card: ModelCard) => ({
  ...card,
  diffusion: { ...card.diffusion!, ...change },
});

Deno.test("sr3() gives the network the levels of the sampling schedule, ddpm() the timesteps", async () => {
  const { alphaBar } = linearSchedule(10, 1e-4, 0.7);
  const { card } = await readTiny("sr3-tiny");
  for (const family of ["sr3", "ddpm"]) {
    const told: number[] = [];
    const run: NetworkFunction = ({ x, level, t }) => {
      told.push((level ?? t).data[0]);
      return Promise.resolve({ prediction: tensor(x.dims) });
    };
    await using entry = await openFunctions(families[family], card, { denoiser: run });
    await sampleOf(entry, testPicture(6, 6), { steps: 10 });
    const times = Array.from({ length: 10 }, (_, i) => 9 - i);
    const wanted = family === "ddpm"
      ? times
      : times.map((t) => Math.fround(Math.sqrt(alphaBar[t])));
    expect(told).toEqual(wanted);
  }
});

Deno.test("sr3() feeds the input enlarged as the card says, padded beyond the image", async () => {
  const { card } = await readTiny("sr3-tiny");
  const lr = testPicture(5, 7);
  for (const condition of ["bicubic", "bicubic256", "pillow", "torch"] as const) {
    const changed = {
      ...withDiffusion({ condition })(card),
      tiling: { ...card.tiling!, multiple: 4 },
    };
    let seen = tensor([1, 3, 1, 1]);
    const run: NetworkFunction = ({ x, condition }) => {
      seen = condition;
      return Promise.resolve({ prediction: tensor(x.dims) });
    };
    await using entry = await openFunctions(families.sr3, changed, { denoiser: run });
    const result = await sampleOf(entry, lr);
    expect([result.dims, seen.dims]).toEqual([[1, 3, 20, 28], [1, 3, 32, 32]]);
    const wanted = enlargements[condition](lr, { width: 28, height: 20 });
    expect(crop(seen, { x: 0, y: 0, width: 28, height: 20 }).data).toEqual(wanted.data);
  }
});

Deno.test("sr3() and ddpm() with fidelity 0 give the enlarged input", async () => {
  const lr = testPicture(9, 8);
  const size = { width: 32, height: 36 };
  await using image = await openTiny("sr3-tiny");
  expect((await sampleOf(image, lr, { fidelity: 0 })).data).toEqual(
    enlargements.torch(lr, size).data,
  );
  await using residual = await openTiny("ddpm-tiny");
  const base = await sampleOf(residual, lr, { fidelity: 0 });
  expect(base.data).toEqual(enlargements.bicubic(lr, size).data);
});

Deno.test("sr3() follows a guide of weight 1", async () => {
  await using entry = await openTiny("sr3-tiny");
  const lr = testPicture(8, 10);
  const image = tensor([1, 3, 32, 40], testPicture(32, 40).data.map((v) => v / 2));
  const weight = tensor([1, 1, 32, 40], new Float32Array(32 * 40).fill(1));
  expect(bytesApart(await sampleOf(entry, lr, { guide: { image, weight } }), image)).toBeLessThan(
    0.01,
  );
});

Deno.test("sr3() and ddpm() refuse an unsuitable base", async () => {
  const { card } = await readTiny("sr3-tiny");
  const sessions = { denoiser: {} as Session };
  const estimate = withDiffusion({ base: "estimate" })(card);
  expect(() => families.sr3(estimate, sessions)).toThrow(ManifestError);
  expect(() => families.sr3(estimate, sessions)).toThrow(/has no encoder/);
  const free = withDiffusion({ base: "bicubic", condition: undefined })(card);
  expect(() => families.ddpm(free, sessions)).toThrow(/no input/);
});

Deno.test("families refuse a card with a graph of another family, and say which inputs they need", async () => {
  const refused = (id: string, change: (card: ModelCard) => ModelCard, why: RegExp) =>
    expect(openTiny(id, change)).rejects.toThrow(why);
  await refused(
    "sr3-tiny",
    (card) => ({ ...card, family: "ddpm" }),
    /gives this graph x, t, condition, but it takes x, level, condition/,
  );
  await refused(
    "ddpm-tiny",
    withDiffusion({ condition: undefined, base: "none" }),
    /gives this graph x, t, but it takes x, t, condition/,
  );
  await refused(
    "photo-tiny",
    (card) => ({ ...card, restore: undefined }),
    /gives this graph lr, but it takes lr, restore/,
  );
});
