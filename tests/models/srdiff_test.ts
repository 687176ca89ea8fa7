import { expect } from "expect";
import { resize } from "../../lib/image/resize.ts";
import { families } from "../../lib/models/mod.ts";
import { trajectoryOf } from "../../lib/models/trajectory.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import type { Diffusion, ModelCard } from "../../lib/zoo/card.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";
import { bytesApart, type Opened, openTiny, readTiny } from "../contracts/family.ts";
import { type NetworkFunction, sampleOf, sessionOf, testPicture } from "../contracts/family.ts";

/** The tiny entry with another base. */
function openWith(base: Diffusion["base"]): Promise<Opened> {
  const rebased = (card: ModelCard) => ({ ...card, diffusion: { ...card.diffusion!, base } });
  return openTiny("srdiff-tiny", rebased);
}

Deno.test("srdiff() can start from SRDiff's bicubic image", { ignore: !hasShared }, async () => {
  const golden = await readNpz(new URL("vectors/preprocessing/io.npz", shared));
  const [height, width] = golden.lr_uint8.dims;
  const bytes = golden.lr_uint8.data;
  const planes = Float32Array.from({ length: bytes.length }, (_, i) => {
    const channel = Math.floor(i / (height * width));
    return bytes[3 * (i % (height * width)) + channel] / 127.5 - 1;
  });
  await using entry = await openWith("bicubic256");
  const base = await sampleOf(entry, tensor([1, 3, height, width], planes), { fidelity: 0 });
  const wanted = golden.srdiff_img_lr_up_x4;
  expect(base.dims).toEqual([1, ...wanted.dims]);
  base.data.forEach((v, i) => expect(Math.abs(v - Number(wanted.data[i]))).toBeLessThan(2e-6));
});

Deno.test("srdiff() can start from the estimate or the exact bicubic image", async () => {
  const lr = testPicture(10, 14);
  await using plain = await openWith("bicubic");
  const base = await sampleOf(plain, lr, { fidelity: 0 });
  expect(base.data).toEqual(resize(lr, { width: 56, height: 40 }).data);
  await using estimating = await openWith("estimate");
  const tiling = { size: 64, overlap: 4, multiple: 2 };
  const { estimate } = await estimating.model.condition!({ lr, tiling });
  expect((await sampleOf(estimating, lr, { fidelity: 0 })).data).toEqual(estimate!.data);
});

Deno.test("trajectoryOf() takes the steps that the entry was trained for, or else spaces them over the whole chain", async () => {
  const { card } = await readTiny("srdiff-tiny");
  expect(trajectoryOf(card, 4)).toMatchObject({
    graph: "fast",
    timesteps: [60, 45, 30, 15],
    start: "estimate",
  });
  expect(trajectoryOf(card, 3)).toEqual({
    graph: "denoiser",
    timesteps: [99, 50, 0],
    start: "noise",
  });
});

Deno.test("srdiff() gives the network the states that its card describes", async () => {
  const { card } = await readTiny("srdiff-tiny");
  const seen: { t: number; deviation: number }[] = [];
  /** A network that always estimates a residual of 0. */
  const run: NetworkFunction = ({ x, t, lr }) => {
    if (lr) {
      const [, , h, w] = lr.dims;
      return Promise.resolve({ features: lr, estimate: tensor([1, 3, 4 * h, 4 * w]) });
    }
    const variance = x.data.reduce((sum, v) => sum + v * v, 0) / x.data.length;
    seen.push({ t: t.data[0], deviation: Math.sqrt(variance) });
    return Promise.resolve({ prediction: tensor(x.dims) });
  };
  const session = sessionOf(run);
  const sessions = { encoder: session, denoiser: session, fast: session };
  const x0 = { ...card, diffusion: { ...card.diffusion!, prediction: "x0" as const } };
  const model = families.srdiff(x0, sessions);
  const lr = testPicture(24, 24);
  await sampleOf({ model, card }, lr, { steps: 4 });
  expect(seen.map(({ t }) => t)).toEqual([60, 45, 30, 15]);
  // With a residual of 0 the state is noise; its deviation is the sine of the cosine schedule's angle.
  for (const { t, deviation } of seen) {
    const level = Math.sin(((t + 1) / 100 + 0.008) / 1.008 * Math.PI / 2);
    expect(Math.abs(deviation / level - 1)).toBeLessThan(0.03);
  }
});

Deno.test("srdiff() follows a guide only where its weight is not 0", async () => {
  await using entry = await openTiny("srdiff-tiny");
  const lr = testPicture(11, 13); // not even, so that the state is larger than the image
  const plain = await sampleOf(entry, lr);
  const [, , height, width] = plain.dims;
  const image = noise({ seed: 3, sample: 0, draw: 0 }, plain.dims);
  const weight = tensor([1, 1, height, width]);
  const none = await sampleOf(entry, lr, { guide: { image, weight } });
  expect(none.data).toEqual(plain.data);
  const all = tensor(weight.dims, weight.data.map(() => 1));
  const led = await sampleOf(entry, lr, { guide: { image, weight: all } });
  expect(bytesApart(led, image)).toBeLessThan(0.01);

  const left = { x: 0, y: 0, width: 16, height };
  const right = { x: 36, y: 0, width: width - 36, height }; // beyond the reach of the network
  const half = tensor(weight.dims, weight.data.map((_, i) => i % width < left.width ? 1 : 0));
  const mixed = await sampleOf(entry, lr, { guide: { image, weight: half } });
  expect(bytesApart(crop(mixed, left), crop(image, left))).toBeLessThan(0.01);
  expect(bytesApart(crop(mixed, right), crop(plain, right))).toBeLessThan(0.01);
});
