/** Two families that exist only here, to show that a new one takes some twenty lines. @module */

import { diffusionModel } from "../../lib/models/diffusion.ts";
import { onGrid } from "../../lib/models/grid.ts";
import { noiseLevel } from "../../lib/models/time.ts";
import type { Family, SampleInput } from "../../lib/models/model.ts";
import { resize } from "../../lib/image/resize.ts";
import { mix } from "../../lib/tensor/linear.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import { overTiles, type TileRun } from "../../lib/tiling.ts";
import { type NetworkFunction, openFunctions, testFamily } from "../contracts/family.ts";

const tiling = { size: 32, overlap: 4, multiple: 2, blended: false };

/** `[1, 3, h, w]` on a grid `scale` times as fine. */
const enlarged = ({ dims: [, , height, width], ...lr }: Tensor, scale: number) =>
  resize({ ...lr, dims: [1, 3, height, width] }, { width: width * scale, height: height * scale });

/** A diffusion of the image itself, with the noise level as the time. */
const leveled: Family = (card, sessions) =>
  diffusionModel(card, sessions, {
    time: noiseLevel,
    feeds: ["condition"],
    shared: 0,
    scene({ lr, tiling }) {
      const { grid } = onGrid(card, { lr, tiling });
      const [height, width] = grid;
      const base = enlarged(lr, card.scale);
      const size = { width: width * card.scale, height: height * card.scale };
      const condition = crop(base, { x: 0, y: 0, ...size });
      return Promise.resolve({ grid, fed: { condition }, base });
    },
  });

/** eps of a Gaussian around the condition with deviation 0.05: (x - level * condition) * sigma / variance. */
const leveledNetwork: NetworkFunction = ({ x, level: { data: [level] }, condition }) => {
  const sigma = Math.sqrt(1 - level ** 2);
  const gain = sigma / (sigma ** 2 + (0.05 * level) ** 2);
  return Promise.resolve({ prediction: mix(gain, x, -gain * level, condition) });
};

testFamily("leveled", () =>
  openFunctions(leveled, {
    scale: 4,
    tiling,
    steps: { default: 3, max: 50, trained: [] },
    diffusion: {
      schedule: { kind: "cosine", timesteps: 50, s: 0.008 },
      prediction: "eps",
      base: "none",
      residualScale: 1,
      sampler: "ddim",
    },
  }, { denoiser: leveledNetwork }), 1);

/** One pass from latents of half, a quarter and an eighth of the result's size. */
const coarse: Family = (card, { inverse }) => ({
  accepts: ["seed", "samples", "temperature", "noise"],
  generative: true,
  calls: ({ samples }) => samples,
  condition({ lr, tiling, ...watch }) {
    const { padded, grid } = onGrid(card, { lr, tiling });
    const [height, width] = grid;
    async function* sample({ noise, signal, onTile }: SampleInput) {
      const latents = await Promise.all(
        [2, 1, 0.5].map(async (ratio, i) =>
          [`z${i}`, await noise(i, [1, 3, height * ratio, width * ratio], ratio)] as const
        ),
      );
      const inputs = { lr: padded, ...Object.fromEntries(latents) };
      const run: TileRun = (tile) => inverse.run(tile, { signal });
      const options = { tiling, grid, signal, onTile };
      const { sr } = await overTiles(inputs, run, options);
      const [, , h, w] = lr.dims;
      const image = crop(sr, { x: 0, y: 0, width: w * card.scale, height: h * card.scale });
      yield { step: 1, steps: 1, image: () => Promise.resolve(image) };
      return image;
    }
    watch.onTile?.(1, 1);
    return Promise.resolve({ sample });
  },
});

/** Adds each latent to the pixels of the enlarged input that it covers. */
const coarseNetwork: NetworkFunction = ({ lr, ...latents }) => {
  const [, , height, width] = lr.dims.map((size) => 4 * size);
  const sr = enlarged(lr, 4);
  for (const { dims: [, , h, w], data } of Object.values(latents)) {
    for (let i = 0; i < sr.data.length; i++) {
      const y = Math.floor(i / width) % height, c = Math.floor(i / width / height);
      const at = Math.floor(y * h / height) * w + Math.floor(i % width * w / width);
      sr.data[i] += 0.05 * data[c * h * w + at];
    }
  }
  return Promise.resolve({ sr: tensor(sr.dims, sr.data) });
};

testFamily(
  "coarse",
  () => openFunctions(coarse, { scale: 4, tiling }, { inverse: coarseNetwork }),
  1,
);
