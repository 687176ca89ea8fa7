/** A rectangle that the user draws, moves and resizes: whole pixels of the photograph, within it. @module */

import type { Size } from "./viewport.ts";

/** Pixels of the photograph. */
export interface Rect {
  /** Left column. */
  x: number;
  /** Top row. */
  y: number;
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
}

/** A place in the photograph, in pixels. */
export interface Point {
  /** From the left. */
  x: number;
  /** From the top. */
  y: number;
}

/** Least side in pixels: smaller areas show nothing of what a network does. */
export const LEAST = 16;

/** Side of the proposed area in pixels, which takes seconds on a slow machine. */
const PROPOSED = 96;

/** The area in the middle that is proposed first. */
export function proposed(image: Size): Rect {
  const width = Math.min(PROPOSED, image.width);
  const height = Math.min(PROPOSED, image.height);
  const [x, y] = [(image.width - width) / 2, (image.height - height) / 2];
  return { x: Math.floor(x), y: Math.floor(y), width, height };
}

/** The area between two opposite corners; no side is under {@linkcode LEAST} unless the photograph's is. */
export function between(from: Point, to: Point, image: Size): Rect {
  const [x, width] = span(from.x, to.x, image.width);
  const [y, height] = span(from.y, to.y, image.height);
  return { x, y, width, height };
}

/** Start and length of the span between two places on a line of pixels. */
function span(from: number, to: number, length: number): [start: number, size: number] {
  const within = (place: number) => Math.min(length, Math.max(0, Math.round(place)));
  const [a, b] = [within(from), within(to)];
  const size = Math.max(Math.abs(b - a), Math.min(LEAST, length));
  // The corner that the user began with stays where it is, unless the border is in the way.
  const start = to < from ? a - size : a;
  return [Math.min(length - size, Math.max(0, start)), size];
}

/** Moves the area; it keeps its size and stops at the border. */
export function moved(rect: Rect, dx: number, dy: number, image: Size): Rect {
  const x = Math.min(image.width - rect.width, Math.max(0, Math.round(rect.x + dx)));
  const y = Math.min(image.height - rect.height, Math.max(0, Math.round(rect.y + dy)));
  return { ...rect, x, y };
}

/** Moves the right and the bottom side; the other two stay. */
export function grown(rect: Rect, dx: number, dy: number, image: Size): Rect {
  const side = (start: number, size: number, by: number, length: number) =>
    Math.min(length - start, Math.max(Math.min(LEAST, length - start), Math.round(size + by)));
  return {
    ...rect,
    width: side(rect.x, rect.width, dx, image.width),
    height: side(rect.y, rect.height, dy, image.height),
  };
}

/** Pixels around an area that the network also sees, so that the border comes out as in the whole. */
const CONTEXT = 12;

/** Networks work on cells of pixels, so an area starts at a multiple of this, as it does in the whole. */
const CELL = 8;

/** The area with what the network must see around it. */
export function withContext({ x, y, width, height }: Rect, image: Size): Rect {
  const start = (place: number) => Math.max(0, CELL * Math.floor((place - CONTEXT) / CELL));
  const [left, top] = [start(x), start(y)];
  const right = Math.min(image.width, x + width + CONTEXT);
  const bottom = Math.min(image.height, y + height + CONTEXT);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The corner opposite to `nw`, `ne`, `sw` or `se`. */
export function opposite({ x, y, width, height }: Rect, corner: string): Point {
  return {
    x: corner.endsWith("w") ? x + width : x,
    y: corner.startsWith("n") ? y + height : y,
  };
}
