/** Does any tile come out as NaN, or far beyond the range of an image? @module */

import { cropImage } from "../../lib/image/crop.ts";
import { toTensor } from "../../lib/image/pixels.ts";
import { noise, threefry2x32 } from "../../lib/tensor/noise.ts";
import { scaleBy } from "../../lib/tensor/linear.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { openEntry } from "../../lib/entry.ts";
import type { Enlarger } from "../../lib/models/model.ts";
import { drain } from "../../lib/upscaler.ts";
import type { Pair } from "../protocols.ts";
import type { Row } from "../record.ts";
import type { Finding, Part } from "./part.ts";
import type { Study } from "./study.ts";

/** Tiles of an image. */
const TILES = 100;
/** Sides of a tile, in pixels of the input. */
const SIDES = [16, 32] as const;
/** Largest allowed distance of a value from the middle of the estimate's range, in half ranges. */
const REACH = 3;

/** Random tiles at random temperatures; samples are measured before they are clipped to the range of an image. */
export const tilesPart: Part = { name: "tiles", run };

async function run(study: Study): Promise<Finding | undefined> {
  await using entry = await openEntry(study.upscaler.card, { signal: study.signal });
  const { model } = entry;
  if (!model.condition || !model.accepts.includes("temperature")) return undefined;
  const rows = await study.run({
    name: `tiles=${TILES}`,
    images: study.images("tiles"),
    measure: (pair) => measure(study, model, pair),
  });
  return rows.length > 0 ? findingOf(rows) : undefined;
}

async function measure({ upscaler: { card }, signal, pairs }: Study, model: Enlarger, pair: Pair) {
  let drawn = 0;
  const draw = () => (threefry2x32([pairs.indexOf(pair), 0], [drawn++, 0])[0] >>> 0) / 2 ** 32;
  const between = (least: number, most: number) => least + Math.floor(draw() * (most - least + 1));
  const together = { tiles: 0, notFinite: 0, beyond: 0 };
  for (; together.tiles < TILES; together.tiles++) {
    const [width, height] = [pair.low.width, pair.low.height].map((whole) =>
      Math.min(whole, between(...SIDES))
    );
    const [x, y] = [between(0, pair.low.width - width), between(0, pair.low.height - height)];
    const { rgb } = toTensor(cropImage(pair.low, { x, y, width, height }));
    const [seed, temperature] = [between(0, 2 ** 31), draw()];
    const { estimate = rgb, sample, dispose } = await model.condition({
      lr: rgb,
      tiling: { size: 64, overlap: 0, ...card.tiling, multiple: card.tiling?.multiple ?? 1 },
      signal,
    });
    const image = await drain(sample({
      sampler: card.diffusion?.sampler ?? "ddpm",
      steps: card.steps?.default ?? 1,
      fidelity: 1,
      noise: (index, dims) => scaleBy(temperature, noise({ seed, sample: 0, draw: index }, dims)),
      signal,
    })).finally(() => dispose?.());
    const reach = reachOf(image, estimate);
    if (Number.isFinite(reach)) together.beyond = Math.max(together.beyond, reach);
    else together.notFinite++;
  }
  return { samples: [], together };
}

/** The largest distance from the middle of the estimate's range, in half ranges; NaN if a value is NaN. */
function reachOf({ data }: Tensor, estimate: Tensor): number {
  // The range of a flat tile is near 0, so half of it counts as at least a tenth of what an image has.
  const [least, most] = [Math.min(...estimate.data), Math.max(...estimate.data)];
  const [middle, half] = [(least + most) / 2, Math.max((most - least) / 2, 0.1)];
  return data.reduce((reach, value) => Math.max(reach, Math.abs(value - middle)), 0) / half;
}

function findingOf(rows: readonly Row[]): Finding {
  const sum = (key: string) => rows.reduce((total, { together }) => total + together[key], 0);
  const beyond = Math.max(...rows.map(({ together }) => together.beyond));
  const cells = [sum("tiles"), sum("notFinite")].map(String);
  return {
    title: "Tiles",
    how:
      `Random tiles of ${
        SIDES.join(" to ")
      } pixels at random temperatures from 0 to 1, each with a seed of ` +
      `its own. *Reach* is the largest distance of a value from the middle of the range of the tile's estimate, ` +
      `in halves of that range (at least a tenth of what an image can have), before values are clipped.`,
    head: ["tiles", "with NaN or infinity", "largest reach"],
    rows: [[...cells, beyond.toFixed(2)]],
    promises: [
      { text: `no tile has NaN or infinity: ${cells[1]} of ${cells[0]}`, kept: cells[1] === "0" },
      {
        text: `no value reaches beyond ${REACH}: ${beyond.toFixed(2)}`,
        kept: beyond <= REACH,
      },
    ],
  };
}
