/** How an image is divided so that the work fits in the memory. @module */

import { sidesOf } from "./border.ts";
import type { Size } from "./image/resize.ts";
import { alignUp, bestTile, type Span, spansOf, tilesOf, type Tiling } from "./tiling.ts";
import type { ModelCard } from "./zoo/card.ts";

/** Regions of the source that are processed one after the other; often just one. */
export interface Regions {
  /** The strips, from the top. */
  readonly rows: readonly Span[];
  /** The regions of each strip, from the left. */
  readonly columns: readonly Span[];
}

/** What determines how an image is divided. */
export interface Work {
  /** Images to make. */
  samples: number;
  /** Whether the result is projected. */
  consistency: boolean;
  /** Bytes of memory that are available. */
  budget: number;
  /** How the image is cut for the network. */
  tiling: Tiling;
  /** Whether samples are drawn, which takes more memory and larger overlaps. */
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
 * Bytes that a network takes per high-resolution pixel of a tile: 220 measured for one that works on the
 * low-resolution grid with 64 channels; networks that see whole tiles work on the high-resolution grid.
 */
const TILE = { own: 300, blended: 3000 };
/** Bytes per high-resolution pixel of a region: tensors of 3 floats, with and without a sampler. */
const REGION = { generative: 160, settled: 90 };
/** Limit of a region's bytes, since larger regions are not faster. */
const ENOUGH = 2 ** 30;

/**
 * Divides an image into regions that fit in the memory.
 *
 * @throws {RangeError} If the memory is too small for the smallest regions.
 */
export function fitMemory(card: ModelCard, size: Size, work: Work): Division {
  const { budget, generative, calls } = work;
  const held = heldBytes(card, size, work);
  const perPixel = card.scale ** 2 * (generative ? REGION.generative : REGION.settled);
  const regions = regionsOf(size, work, Math.min(ENOUGH, budget - held) / perPixel);
  if (!regions) {
    const needed = held + (4 * marginOf(work) + 2 * work.frame) ** 2 * perPixel;
    throw new RangeError(
      `Cannot upscale ${size.width}x${size.height} within ${inMegabytes(budget)}: it takes ` +
        `${
          inMegabytes(needed)
        }. Allow more memory, take a smaller tile or fewer samples, or crop ` +
        `the image`,
    );
  }
  const longest = (spans: readonly Span[]) =>
    Math.max(...spans.map((span) => span.size)) + 2 * work.frame;
  const largest = longest(regions.rows) * longest(regions.columns);
  const { count, seen } = tilesIn(regions, size, work);
  return {
    regions,
    runs: calls * count,
    seen: calls * seen,
    memory: held + largest * perPixel,
  };
}

/** Memory that is held all the time: the process, the source, the results, and a network's memory. */
function heldBytes(card: ModelCard, { width, height }: Size, work: Work): number {
  const { blended } = work.tiling;
  const area = card.scale ** 2;
  const images = 4 * width * height * (1 + area * work.samples);
  if (!card.tiling) return processMemory + images;
  const tile = tilesOf(framed({ width, height }, work), work.tiling).largest * area;
  return processMemory + images + tile * (blended ? TILE.blended : TILE.own);
}

/** The whole image if it has at most `pixels`, otherwise regions with at most as many, or undefined. */
function regionsOf({ width, height }: Size, work: Work, pixels: number): Regions | undefined {
  const { multiple } = work.tiling;
  const cut = (size: number, overlap: number) => {
    const tiling = { size, overlap, multiple };
    return { rows: spansOf(height, tiling), columns: spansOf(width, tiling) };
  };
  const { frame } = work;
  if ((width + 2 * frame) * (height + 2 * frame) <= pixels) {
    return cut(alignUp(Math.max(width, height), multiple), 0);
  }
  const most = Math.sqrt(Math.max(0, pixels)) - 2 * frame;
  const side = Math.floor(most / multiple) * multiple;
  const margin = marginOf(work);
  return side > 3 * margin ? cut(side, margin) : undefined;
}

/**
 * How far a region reaches into its neighbours: the network's radius for the encoder and for one step, as later
 * steps hardly reach that far, and the radius of the projection.
 */
function marginOf({ tiling, generative, consistency }: Work): number {
  const least = consistency ? 24 : 4;
  return alignUp(Math.max(least, tiling.overlap * (generative ? 2 : 1)), tiling.multiple);
}

/** Number of tiles of all regions, including their frames, and the pixels of these tiles. */
function tilesIn(
  { rows, columns }: Regions,
  size: Size,
  { tiling, frame }: Work,
): { count: number; seen: number } {
  const total = { count: 0, seen: 0 };
  for (const row of rows) {
    for (const column of columns) {
      const { left, top, right, bottom } = sidesOf({ row, column }, size, frame);
      const { count, seen } = tilesOf(
        framed({ width: column.size + left + right, height: row.size + top + bottom }, {
          tiling,
          frame: 0,
        }),
        tiling,
      );
      total.count += count;
      total.seen += seen;
    }
  }
  return total;
}

/** The grid of an image with its frame. */
function framed(
  { width, height }: Size,
  { tiling: { multiple }, frame }: Pick<Work, "tiling" | "frame">,
): readonly [number, number] {
  const up = (side: number) => alignUp(side + 2 * frame, multiple);
  return [up(height), up(width)];
}

/** How many times as many pixels as the card's tile a tile may have, if fewer pixels are then processed twice. */
const LARGER = 2;

/**
 * The tiling of an image: larger tiles than the card's if that saves work and the memory allows it, so that a
 * small image is one tile. Networks that see whole tiles keep the card's, since results depend on it.
 */
export function fitTile(
  card: ModelCard,
  size: Size,
  { tiling, frame, budget }: Pick<Work, "tiling" | "frame" | "budget">,
): Tiling {
  if (tiling.blended) return tiling;
  const affordable = budget / 4 / (TILE.own * card.scale ** 2);
  return bestTile(
    framed(size, { tiling, frame }),
    tiling,
    Math.min(LARGER * tiling.size ** 2, affordable),
  );
}

/** A number of bytes as text for people. */
function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
