/** Places the names of points in a plot. @module */

/** A point with its name, in pixels from the top left of the plot. */
export interface NamedPoint {
  /** From the left. */
  readonly x: number;
  /** From the top. */
  readonly y: number;
  /** The name. */
  readonly name: string;
}

/** Middle of a name, in pixels from its point. */
export interface LabelOffset {
  /** To the right. */
  readonly dx: number;
  /** Down. */
  readonly dy: number;
}

/** Extent of the plot in pixels. */
export interface PlotSize {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Size of the letters in pixels, and how wide one is on average. */
export const LETTER = 11, ADVANCE = 6.3;

/** Half the side of a point with its margin. */
const POINT = 6;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Puts each name beside its point, where it covers the least: right, left, above, below, or farther off.
 *
 * @returns One offset for each point, in their order.
 */
export function placeLabels(points: readonly NamedPoint[], size: PlotSize): LabelOffset[] {
  const taken: Box[] = points.map(({ x, y }) => boxAround(x, y, 2 * POINT, 2 * POINT));
  return points.map((point) => {
    const width = point.name.length * ADVANCE;
    const costs = candidates(width).map(({ dx, dy }) => {
      const box = boxAround(point.x + dx, point.y + dy, width, LETTER + 2);
      const hidden = taken.reduce((sum, other) => sum + overlap(box, other), 0);
      return { dx, dy, box, cost: hidden + 4 * outside(box, size) + Math.hypot(dx, 4 * dy) / 100 };
    });
    const best = costs.reduce((a, b) => b.cost < a.cost ? b : a);
    taken.push(best.box);
    return { dx: best.dx, dy: best.dy };
  });
}

/** Offsets to try, the nearest first. */
function candidates(width: number): LabelOffset[] {
  const side = POINT + width / 2 + 2;
  const line = LETTER + 3;
  return [0, 1, 2, 3].flatMap((far) =>
    [-1, 1].flatMap((down) => [
      { dx: side, dy: down * far * line },
      { dx: -side, dy: down * far * line },
      { dx: 0, dy: down * (far + 1) * line },
    ])
  );
}

function boxAround(x: number, y: number, width: number, height: number): Box {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

function outside(box: Box, { width, height }: PlotSize): number {
  const area = (box.right - box.left) * (box.bottom - box.top);
  return area - overlap(box, { left: 0, top: 0, right: width, bottom: height });
}
