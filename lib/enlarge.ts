/** Enlarges one image: region by region, condition once, then sample by sample. @module */

import { mirrored, scaled, type Sides, sidesOf } from "./border.ts";
import { Canvas } from "./canvas.ts";
import { bleed } from "./image/bleed.ts";
import { cropImage } from "./image/crop.ts";
import { project } from "./image/consistency.ts";
import { flatAreas, flatten } from "./image/flat.ts";
import { hasGrayOnly } from "./image/gray.ts";
import type { Image } from "./image/image.ts";
import { toImage, toTensor } from "./image/pixels.ts";
import { resize } from "./image/resize.ts";
import type { Conditioned, Model } from "./models/model.ts";
import { checkNoise, type Plan, type Progress } from "./plan.ts";
import { HeldNoise } from "./tensor/noise.ts";
import { scaleBy } from "./tensor/linear.ts";
import { release, type Tensor } from "./tensor/tensor.ts";
import { crop, type Rect } from "./tensor/window.ts";
import { mapped } from "./stream.ts";
import type { Span } from "./tiling.ts";
import type { ModelCard } from "./zoo/card.ts";

/** An entry, opened. */
export interface Engine {
  /** The model card of the entry. */
  readonly card: ModelCard;
  /** Its family, opened. */
  readonly model: Model;
}

/** An unfinished image. */
export interface Preview {
  /** Number of the sample, from 0. */
  sample: number;
  /** Steps of this sample that are done, over all regions. */
  step: number;
  /** Number of steps. */
  steps: number;
  /**
   * Makes the unfinished image; missing regions are transparent.
   *
   * @throws {Error} If the next preview has been requested, which reuses the memory.
   */
  image(): Promise<Image>;
  /** Makes the image of the noisy state that this step started from, as `image()` does; absent if there are no states. */
  state?(): Promise<Image>;
}

/** Begins a stage of the work; the function that it returns is called after each tile. */
type Meter = (
  phase: Progress["phase"],
  sample: number,
  step: number,
) => (tile: number, tiles: number) => void;

/** One run of one image. */
interface Run extends Engine {
  source: Image;
  /** Set if all colours of the source are gray, so that those of the result must be too; otherwise the channels decide. */
  isGray?: true;
  plan: Plan;
  canvases: readonly Canvas[];
  regions: number;
  meter: Meter;
}

/** One region of a run, on the source's grid. */
interface Region {
  row: Span;
  column: Span;
  /** Number of the region, from 0. */
  index: number;
  /** Mirrored pixels around it. */
  sides: Sides;
}

/**
 * Enlarges one image; returns one image for each sample.
 *
 * @param source The image; if it is generated without an input, only the size matters.
 */
export async function* enlarge(
  engine: Engine,
  source: Image,
  plan: Plan,
): AsyncGenerator<Preview, Image[]> {
  const { scale } = engine.card;
  const { width, height, regions: { rows, columns } } = plan;
  const described = { ...source, channels: channelsOf(source) };
  const canvases = Array.from(
    { length: plan.samples },
    () => new Canvas({ ...described, width, height }, scale),
  );
  const regions = rows.length * columns.length;
  const meter = meterOf(plan, regions);
  const isGray = engine.model.condition && hasGrayOnly(source) || undefined;
  const run = { ...engine, source: described, isGray, plan, canvases, regions, meter };
  for (const [r, row] of rows.entries()) {
    canvases.forEach((canvas) => canvas.begin(row));
    for (const [c, column] of columns.entries()) {
      const sides = sidesOf({ row, column }, source, plan.frame);
      yield* enlargeRegion(run, { row, column, index: r * columns.length + c, sides });
    }
    canvases.forEach((canvas) => canvas.end(row));
  }
  return canvases.map((canvas) => canvas.image);
}

/** Draws every sample of one region onto the sample's canvas. */
async function* enlargeRegion(run: Run, region: Region): AsyncGenerator<Preview> {
  const { plan } = run;
  const rect = rectOf(region);
  const window = cropImage(run.source, rect);
  const { rgb, alpha } = toTensor(plan.keepHidden ? window : bleed(window));
  const conditioned = await conditionOf(run, mirrored(rgb, region.sides));
  try {
    yield* sampleAll(run, region, conditioned, { rgb, alpha });
  } finally {
    conditioned.dispose?.();
  }
}

/** Draws every sample of a region that was encoded. */
async function* sampleAll(
  run: Run,
  region: Region,
  conditioned: Conditioned,
  { rgb, alpha }: ReturnType<typeof toTensor>,
): AsyncGenerator<Preview> {
  const { plan, canvases, meter, isGray, card: { scale } } = run;
  const { channels, iccProfile, notes } = run.source;
  const { left, top } = region.sides;
  /** The part within the frame. */
  const window = { ...scaled(rectOf(region), scale), x: left * scale, y: top * scale };
  const opacity = alpha && resize(alpha, window);
  const areas = run.card.tiling && run.model.condition && flatAreas(rgb);
  for (const [sample, canvas] of canvases.entries()) {
    const render = (result: Tensor, rect = window) =>
      toImage(result, { channels, iccProfile, notes, alpha: opacity, isGray, window: rect });
    const show = (result: Tensor) => canvas.preview(render(result), region.row, region.column);
    const steps = sampleRegion(run, region, conditioned, sample);
    let latest = 0;
    // The next step reuses the memory of this one.
    const inTime = (step: number, make: () => Promise<Tensor>) => async () => {
      if (step === latest) return show(await make());
      throw new Error("Cannot show this step: ask for its image before the next step");
    };
    const drawn = yield* mapped(steps, ({ step, steps, image, state }): Preview => {
      latest = step;
      return {
        sample,
        step: region.index * steps + step,
        steps: run.regions * steps,
        image: inTime(step, image),
        state: state && inTime(step, state),
      };
    });
    latest = 0;
    plan.signal?.throwIfAborted();
    let image: Image;
    if (areas || plan.consistency) {
      const part = crop(drawn, window);
      // The model's own tensor must not change.
      const own = part === drawn ? scaleBy(1, part) : part;
      if (areas) flatten(own, rgb, areas);
      if (plan.consistency) project(own, rgb);
      image = render(own, { ...window, x: 0, y: 0 });
      release(own);
    } else image = render(drawn);
    // Now, instead of when the garbage is collected: the next region needs the memory.
    if (drawn !== conditioned.estimate) release(drawn);
    canvas.paste(image, region.row, region.column);
    meter("finish", sample, plan.steps)(1, 1);
  }
}

/** What all samples of a region share; only its size if the model takes no image. */
async function conditionOf({ model, plan, meter }: Run, lr: Tensor): Promise<Conditioned> {
  const { tiling, signal } = plan;
  if (model.condition) {
    const restore = plan.restore === "auto" ? undefined : plan.restore;
    return await model.condition({ lr, tiling, restore, signal, onTile: meter("condition", 0, 0) });
  }
  const [, , height, width] = lr.dims;
  return model.begin({ width, height, tiling });
}

/** Starts one sample of one region. */
function sampleRegion(
  { plan, card, meter }: Run,
  region: Region,
  conditioned: Conditioned,
  sample: number,
): ReturnType<Conditioned["sample"]> {
  const { seed, sampler, steps, fidelity, temperature, signal, guide } = plan;
  const { noise: field } = plan;
  const rect = rectOf(region);
  const origin = { x: rect.x - region.sides.left, y: rect.y - region.sides.top };
  const window = scaled(rect, card.scale);
  const framed = (whole: Tensor) => mirrored(crop(whole, window), scaled(region.sides, card.scale));
  let step = 0;
  let report = meter("sample", sample, step);
  return conditioned.sample({
    sampler,
    steps,
    fidelity,
    signal,
    async noise(draw, dims, ratio) {
      const start = { x: origin.x * ratio, y: origin.y * ratio };
      const index = { seed, sample, draw };
      if (!field) return new HeldNoise({ index, dims, origin: start, scale: temperature });
      const given = checkNoise(await field(index, dims, start), dims);
      return scaleBy(temperature, given); // the user may keep this tensor
    },
    guide: guide && { image: framed(guide.image), weight: framed(guide.weight) },
    onTile: (done, tiles) => {
      report(done, tiles);
      if (done === tiles && ++step < steps) report = meter("sample", sample, step);
    },
  });
}

/** Weight of a network call; the end of a region's sample has weight 1. */
const CALL = 8;

/** Counts the work: the calls of networks, and the finished regions of samples, which take much less time. */
function meterOf({ runs, samples, steps, onProgress }: Plan, regions: number): Meter {
  const units = CALL * runs + regions * samples;
  let done = 0;
  return (phase, sample, step) => (tile, tiles) => {
    const weight = phase === "finish" ? 1 : CALL;
    done = Math.min(units, done + weight); // a tile that had to be divided counts more than once
    const finished = phase === "sample" && tile === tiles ? step + 1 : step;
    onProgress?.({ phase, sample, step: finished, steps, tile, tiles, fraction: done / units });
  };
}

/** The number of channels of an image; if it is not stated, 4 if any pixel is not opaque, otherwise 3. */
function channelsOf({ channels, data }: Image): NonNullable<Image["channels"]> {
  if (channels) return channels;
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return 4;
  return 3;
}

/** The window of a region on the source's grid. */
function rectOf({ row, column }: Region): Rect {
  return { x: column.start, y: row.start, width: column.size, height: row.size };
}
