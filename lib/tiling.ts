/** Tiles: cuts an image into overlapping windows, and joins them without a seam. @module */

import { disposeAll, type Held } from "./tensor/held.ts";
import { type Patch, type Patches, patchesHere } from "./tensor/patch.ts";
import type { Tensor } from "./tensor/tensor.ts";
import type { Rect } from "./tensor/window.ts";

/** How an image is cut; all sizes are in pixels of the low-resolution grid. */
export interface Tiling {
  /** Longest side of a tile. */
  size: number;
  /** How far a tile reaches beyond its own part into each neighbour: at least the network's radius. */
  overlap: number;
  /** Sizes and offsets of tiles are multiples of this. */
  multiple: number;
  /** Whether the network sees whole tiles, so that neighbours differ and are blended over more pixels. */
  blended?: boolean;
}

/** Most tiles along one axis. */
const MOST_TILES = 2 ** 20;

/** A stretch of one axis. */
export interface Span {
  /** First pixel of the tile. */
  start: number;
  /** Pixels of the tile. */
  size: number;
  /** Start of the tile's own part: the middle of the overlap, or the image's edge. */
  from: number;
  /** End of the tile's own part. */
  to: number;
  /** Pixels on either side of `from` and `to` over which two tiles are blended. */
  feather: number;
}

/** A tensor, in the CPU's memory or where a network has left it. */
type Anywhere = Tensor | Held;

/** Function that `overTiles()` calls for each tile: named tensors in, named tensors out. */
export type TileRun<Part extends Anywhere = Tensor, Given extends Anywhere = Tensor> = (
  inputs: Record<string, Given | Tensor>,
) => Promise<Record<string, Part>>;

/** Options of `overTiles()`. */
export interface TileOptions {
  /** How to cut. */
  tiling: Tiling;
  /** Sizes of the low-resolution grid, multiples of `tiling.multiple`. */
  grid: readonly [height: number, width: number];
  /** Cuts and joins tiles, such as a session, which does so where they are. @default {the CPU} */
  patches?: Patches;
  /** Aborts the work before the next tile. */
  signal?: AbortSignal;
  /** Called after each tile with the number of tiles done and of all tiles. */
  onTile?: (done: number, tiles: number) => void;
}

/**
 * Cuts one axis into as few tiles as possible, all of the same size, no larger than necessary and evenly
 * spaced, with the first and the last at the image's edges.
 *
 * @param length Pixels of the axis; if it is not a multiple of `tiling.multiple`, neither is the last tile.
 * @throws {RangeError} If the tile is not a multiple, or not larger than its overlap with two neighbours.
 */
export function spansOf(length: number, tiling: Tiling): Span[] {
  checkTiling(tiling);
  const { multiple } = tiling;
  if (length <= tiling.size) return [{ start: 0, size: length, from: 0, to: length, feather: 0 }];
  const shared = 2 * alignUp(tiling.overlap, multiple);
  const gaps = Math.ceil((length - tiling.size) / (tiling.size - shared));
  if (gaps >= MOST_TILES) {
    throw new RangeError(
      `Cannot cut ${length} pixels into tiles of ${tiling.size}: these are more than ${MOST_TILES}. ` +
        "Take a larger tile, or cut the image",
    );
  }
  const size = alignUp((length + gaps * shared) / (gaps + 1), multiple);
  const starts = Array.from(
    { length: gaps + 1 },
    (_, i) => Math.floor(i * (length - size) / gaps / multiple) * multiple,
  );
  // A cut in the middle of an overlap is as far as possible from the edges of both tiles.
  const cuts = starts.slice(1).map((start, i) => (start + starts[i] + size) / 2);
  const feather = tiling.overlap / (tiling.blended ? 2 : 8);
  return starts.map((start, i) => ({
    start,
    size: i < gaps ? size : length - start, // longer if the length is not a multiple
    from: cuts[i - 1] ?? 0,
    to: cuts[i] ?? length,
    feather,
  }));
}

/** The grids of regions that lie in rows and columns: the sides along each axis, and how many regions have them. */
export type Grids = readonly [
  down: ReadonlyMap<number, number>,
  across: ReadonlyMap<number, number>,
];

/** Number of tiles of all regions, the pixels of all tiles, and the pixels of the largest tile. */
export function tilesOf(
  grids: Grids,
  tiling: Tiling,
): { count: number; seen: number; largest: number } {
  const [down, across] = grids.map((sides) => {
    const axis = { count: 0, seen: 0, largest: 0 };
    for (const [side, times] of sides) {
      const spans = spansOf(side, tiling);
      axis.count += times * spans.length;
      axis.seen += times * total(spans);
      axis.largest = Math.max(axis.largest, longest(spans));
    }
    return axis;
  });
  return {
    count: down.count * across.count,
    seen: down.seen * across.seen,
    largest: down.largest * across.largest,
  };
}

/** Pixels of all spans. */
export function total(spans: readonly Span[]): number {
  return spans.reduce((sum, { size }) => sum + size, 0);
}

/** Pixels of the longest span. */
export function longest(spans: readonly Span[]): number {
  return Math.max(...spans.map(({ size }) => size));
}

/**
 * Weights of one tile along one axis on a grid `ratio` times as fine: 1 on its own part, falling evenly to
 * 0 over the feather. The weights of neighbours sum to 1.
 */
export function weightsOf(span: Span, length: number, ratio: number): Float32Array {
  const width = 2 * Math.floor(span.feather * ratio) + 1;
  // The distance of a pixel's centre from a cut, in units of the ramp, moved to 0 ... 1.
  const ramp = (distance: number) => Math.min(1, Math.max(0, distance / width + 0.5));
  return Float32Array.from({ length: span.size * ratio }, (_, i) => {
    const at = span.start * ratio + i + 0.5;
    const rise = span.from > 0 ? ramp(at - span.from * ratio) : 1;
    const fall = span.to < length ? ramp(at - span.to * ratio) : 0;
    return rise - fall;
  });
}

/**
 * Runs a network over an image tile by tile and joins its outputs.
 *
 * Tensors may have other grids than the low-resolution one: their width gives the ratio. With an
 * overlap of the network's radius the result is that of the whole image: zero padding inside the network
 * touches only the image's own edges.
 *
 * A tile that does not fit in memory is divided into smaller ones, and so are those of later calls with this tiling.
 *
 * If one tile is the whole image, outputs stay where the network left them; otherwise `patches` says where tensors are
 * cut and joined.
 *
 * @param inputs Tensors `[n, channels, height, width]` to cut.
 * @param run Called for each tile, one after the other.
 * @param options How to cut.
 * @returns What `run` returns, for the whole image.
 */
export async function overTiles<Part extends Anywhere, Given extends Anywhere>(
  inputs: Readonly<Record<string, Given>>,
  run: TileRun<Part, Given>,
  options: TileOptions,
): Promise<Record<string, Tensor | Part>> {
  for (;;) {
    const tiling = fitting.get(options.tiling) ?? options.tiling;
    try {
      return await walk(inputs, run, { ...options, tiling });
    } catch (error) {
      const smaller = { ...tiling, size: alignUp(tiling.size / 2, tiling.multiple) };
      const fits = smaller.size > 2 * alignUp(tiling.overlap, tiling.multiple);
      if (!fits || !isOutOfMemory(error)) throw error;
      fitting.set(options.tiling, smaller);
    }
  }
}

/** Replacements of tilings whose tiles did not fit: every step of a run asks for the same tiling again. */
const fitting = new WeakMap<Tiling, Tiling>();

/** One pass over the tiles of one size. */
async function walk<Part extends Anywhere, Given extends Anywhere>(
  inputs: Readonly<Record<string, Given>>,
  run: TileRun<Part, Given>,
  { tiling, grid: [height, width], patches = patchesHere, signal, onTile }: TileOptions,
): Promise<Record<string, Tensor | Part>> {
  const rows = spansOf(height, tiling), columns = spansOf(width, tiling);
  const tiles = rows.flatMap((row) => columns.map((column) => ({ row, column })));
  if (tiles.length === 1) {
    signal?.throwIfAborted();
    const outputs = await run({ ...inputs });
    try {
      onTile?.(1, 1);
      return outputs;
    } catch (error) {
      disposeAll(Object.values(outputs));
      throw error;
    }
  }
  const whole: Record<string, Anywhere> = {};
  /** Tensors of the current tile. */
  let own: Anywhere[] = [];
  try {
    for (const [i, { row, column }] of tiles.entries()) {
      signal?.throwIfAborted();
      const windows: Record<string, Given | Tensor> = {};
      for (const [name, input] of Object.entries(inputs)) {
        const part = await patches.cut(input, windowOf(row, column, input.dims[3] / width), signal);
        own.push(part);
        windows[name] = part as Given | Tensor;
      }
      const outputs = await run(windows);
      own.push(...Object.values(outputs));
      for (const [name, part] of Object.entries(outputs)) {
        const patch = patchOf(part.dims, { row, column, height, width });
        whole[name] = await patches.add(whole[name], part, patch, signal);
      }
      disposeAll(own);
      own = [];
      onTile?.(i + 1, tiles.length);
    }
  } catch (error) {
    disposeAll([...own, ...Object.values(whole)]);
    throw error;
  }
  return whole as Record<string, Tensor | Part>;
}

/** The window of one tile on a grid `ratio` times as fine as the low-resolution one. */
function windowOf(row: Span, column: Span, ratio: number): Rect {
  return {
    x: column.start * ratio,
    y: row.start * ratio,
    width: column.size * ratio,
    height: row.size * ratio,
  };
}

/** Position of a tile in a grid. */
interface Place {
  row: Span;
  column: Span;
  height: number;
  width: number;
}

/** Where an output of a tile, of these sizes, goes in that of the whole image. */
function patchOf(
  [n, channels, , size]: readonly number[],
  { row, column, height, width }: Place,
): Patch {
  const ratio = size / column.size;
  const { x, y } = windowOf(row, column, ratio);
  return {
    ...{ x, y, dims: [n, channels, height * ratio, width * ratio] },
    down: weightsOf(row, height, ratio),
    across: weightsOf(column, width, ratio),
  };
}

/** Refuses an invalid tiling. */
function checkTiling({ size, overlap, multiple }: Tiling): void {
  const least = 2 * alignUp(overlap, multiple);
  if (Number.isInteger(size) && size % multiple === 0 && size > least) return;
  throw new RangeError(
    `Cannot cut tiles of ${size} pixels: the model takes multiples of ${multiple} above ${least}`,
  );
}

/** Whether a runtime could not allocate memory, which only its message says. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /bad_alloc|out of memory|allocat/i.test(error.message);
}

/** The smallest multiple that is at least `size`. */
export function alignUp(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
