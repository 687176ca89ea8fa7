/** How an image is divided so that the work fits in the memory. @module */

import { inMegabytes } from "./bytes.ts";
import type { Size } from "./image/resize.ts";
import {
  alignUp,
  type Grids,
  longest,
  type Span,
  spansOf,
  tilesOf,
  type Tiling,
  total,
} from "./tiling.ts";
import type { ModelCard } from "./zoo/card.ts";

/** Regions of the source that are processed one after the other; often just one. */
export interface Regions {
  /** The strips, from the top. */
  readonly rows: readonly Span[];
  /** The regions of each strip, from the left. */
  readonly columns: readonly Span[];
}

/** Everything that determines how an image is divided. */
export interface Work {
  /** Images to make. */
  samples: number;
  /** Whether the result is projected. */
  consistency: boolean;
  /** Bytes of memory that are available. */
  budget: number;
  /** How the image is cut for the network. */
  tiling: Tiling;
  /**
   * Whether tiles may be larger if fewer pixels are then processed twice; not if the network sees whole tiles, since results
   * then depend on their size.
   */
  isFree: boolean;
  /** Whether samples are drawn, which takes more memory. */
  generative: boolean;
  /** Network calls of one tile. */
  calls: number;
  /** Mirrored pixels around the image. */
  frame: number;
}

/** How the work is divided, and how much it takes. */
export interface Division {
  /** Regions that fit in the memory. */
  regions: Regions;
  /** How they are cut for the network. */
  tiling: Tiling;
  /** Number of network calls, over all tiles. */
  runs: number;
  /** Pixels of the source that networks process in all calls; pixels that several tiles share count several times. */
  seen: number;
  /** Estimate of the peak memory in bytes. */
  memory: number;
}

/** Bytes of a process with a runtime and a model before any work. */
export const processMemory = 200e6;
/**
 * Bytes that a network takes per high-resolution pixel of a tile: 130 measured for one that works on the
 * low-resolution grid with 64 channels; networks that see whole tiles work on the high-resolution grid.
 */
const TILE = { own: 160, blended: 3000 };
/** Bytes per high-resolution pixel of a region: tensors of 3 floats, with and without a sampler. */
const REGION = { generative: 80, settled: 40 };
/**
 * Bytes that a region may take even if the images take less: the networks of srdiff-photo then see 1.23 times the pixels of a
 * 4K image (1.19 times with 3e8).
 */
const ENOUGH = 2e8;
/** Most pixels of a tile, as a multiple of the card's, if fewer pixels are then processed twice. */
const LARGER = 2;

/**
 * Divides an image into regions that fit in the memory, and chooses the tile.
 *
 * Networks that see whole tiles keep the card's tile, since results depend on it; others may get a larger one, so that a
 * small image is one tile.
 *
 * @throws {RangeError} If the memory is too small for the smallest regions.
 */
export function fitMemory(card: ModelCard, size: Size, work: Work): Division {
  const { budget, generative, calls, frame, tiling, isFree } = work;
  const area = card.scale ** 2;
  const images = 4 * size.width * size.height * (1 + area * work.samples);
  const perTile = card.tiling ? area * (tiling.blended ? TILE.blended : TILE.own) : 0;
  const perPixel = area * (generative ? REGION.generative : REGION.settled);
  const own = tiling.size ** 2;
  const larger = isFree ? Math.max(own, Math.min(LARGER * own, budget / 4 / perTile)) : own;
  const most = Math.min(larger, (size.width + 2 * frame) * (size.height + 2 * frame));
  const held = processMemory + images + perTile * most;
  const room = Math.min(Math.max(ENOUGH, images), budget - held);
  const regions = regionsOf(size, work, room / perPixel);
  if (!regions) {
    const needed = held + (4 * marginOf(work) + 2 * frame) ** 2 * perPixel;
    throw new RangeError(
      `Cannot upscale ${size.width}x${size.height} within ${inMegabytes(budget)}: it takes ` +
        `${
          inMegabytes(needed)
        }. Allow more memory, take a smaller tile or fewer samples, or crop it`,
    );
  }
  const grids = gridsOf(regions, work);
  const cut = isFree ? bestTile(grids, tiling, most) : tiling;
  const { count, seen } = tilesOf(grids, cut);
  const [rows, columns] = grids.map((sides) => Math.max(...sides.keys()));
  return {
    regions,
    tiling: cut,
    runs: calls * count,
    seen: calls * seen,
    memory: held + perPixel * rows * columns,
  };
}

/** The whole image if it has at most `pixels`, otherwise the regions of at most as many that overlap least; undefined if there are none. */
function regionsOf({ width, height }: Size, work: Work, pixels: number): Regions | undefined {
  const { tiling: { multiple }, frame } = work;
  const margin = marginOf(work);
  const cut = (length: number, most: number) => {
    const side = most - 2 * frame;
    if (length <= side) {
      return spansOf(length, { size: alignUp(length, multiple), overlap: 0, multiple });
    }
    const size = Math.floor(side / multiple) * multiple;
    return size > 3 * margin ? spansOf(length, { size, overlap: margin, multiple }) : undefined;
  };
  let best: Regions | undefined, least = Infinity;
  const square = Math.sqrt(Math.max(0, pixels));
  for (const share of [Infinity, 2, 1]) {
    const rows = cut(height, share * square);
    const columns = rows && cut(width, pixels / (longest(rows) + 2 * frame));
    const seen = columns ? total(rows) * total(columns) : Infinity;
    if (seen < least) [best, least] = [{ rows: rows!, columns: columns! }, seen];
  }
  return best;
}

/**
 * How far a region reaches into its neighbours: as far as a tile, or the radius of the projection. An encoder and steps run one after
 * the other, but their reaches need not be added, since both seldom reach far at the same place: `tests/overlap_test.ts` finds no value
 * that differs by more than 1 of 255.
 */
function marginOf({ tiling, consistency }: Work): number {
  return alignUp(Math.max(consistency ? 24 : 4, tiling.overlap), tiling.multiple);
}

/** The grids of all regions with their frames. */
function gridsOf({ rows, columns }: Regions, { tiling: { multiple }, frame }: Work): Grids {
  const sidesOf = (spans: readonly Span[]) => {
    const sides = new Map<number, number>();
    for (const span of spans) {
      const borders = [spans[0], spans.at(-1)].filter((end) => end === span).length;
      const side = alignUp(span.size + borders * frame, multiple);
      sides.set(side, (sides.get(side) ?? 0) + 1);
    }
    return sides;
  };
  return [sidesOf(rows), sidesOf(columns)];
}

/** The tiling that covers regions with the least overlap, in tiles from the given size to `most` pixels. */
function bestTile(grids: Grids, tiling: Tiling, most: number): Tiling {
  let best = tiling, least = Infinity;
  for (let size = tiling.size; size ** 2 <= 4 * most; size += tiling.multiple) {
    const { seen, largest } = tilesOf(grids, { ...tiling, size });
    if (largest > most || seen >= least) continue;
    [best, least] = [{ ...tiling, size }, seen];
  }
  return best;
}
