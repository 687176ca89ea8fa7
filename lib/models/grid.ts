/** The low-resolution grid that networks see. @module */

import type { Size } from "../image/resize.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { crop } from "../tensor/window.ts";
import { alignUp, type Tiling } from "../tiling.ts";
import type { ModelCard } from "../zoo/card.ts";

/** Sizes of a low-resolution grid. */
export type Grid = readonly [height: number, width: number];

/** The smallest grid that holds an image: its sides are multiples of the tiling's, and no less than the card's minimum. */
export function gridOf(
  card: ModelCard,
  { width, height }: Size,
  { multiple }: Tiling,
): Grid {
  const least = card.tiling?.minimum ?? 1;
  const up = (side: number) => alignUp(Math.max(side, least), multiple);
  return [up(height), up(width)];
}

/** An image `[n, channels, h, w]` on its grid, with its right and lower edge repeated. */
export function onGrid(
  card: ModelCard,
  { lr, tiling }: { lr: Tensor; tiling: Tiling },
): { padded: Tensor; grid: Grid } {
  const [, , height, width] = lr.dims;
  const grid = gridOf(card, { width, height }, tiling);
  return { padded: crop(lr, { x: 0, y: 0, width: grid[1], height: grid[0] }), grid };
}
