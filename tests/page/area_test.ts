import { expect } from "expect";
import fc from "fast-check";
import {
  between,
  grown,
  LEAST,
  moved,
  opposite,
  proposed,
  type Rect,
  withContext,
} from "../../cli/page/src/area.ts";

const image = { width: 150, height: 100 };
const side = fc.integer({ min: 1, max: 4000 });
const place = fc.double({ min: -5000, max: 5000, noNaN: true });

/** Fails unless the area consists of whole pixels of the photograph, and is large enough to show something. */
function check({ x, y, width, height }: Rect, size: { width: number; height: number }): void {
  expect([x, y, width, height].every(Number.isInteger)).toBe(true);
  expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
  expect(x + width).toBeLessThanOrEqual(size.width);
  expect(y + height).toBeLessThanOrEqual(size.height);
  expect(width).toBeGreaterThanOrEqual(Math.min(LEAST, size.width));
  expect(height).toBeGreaterThanOrEqual(Math.min(LEAST, size.height));
}

Deno.test("proposed() is in the middle, or the whole of a small photograph", () => {
  expect(proposed(image)).toEqual({ x: 27, y: 2, width: 96, height: 96 });
  expect(proposed({ width: 20, height: 9 })).toEqual({ x: 0, y: 0, width: 20, height: 9 });
});

Deno.test("between() spans two corners in any order, and grows a click to the smallest size", () => {
  const rect = { x: 20, y: 30, width: 60, height: 40 };
  expect(between({ x: 20, y: 30 }, { x: 80, y: 70 }, image)).toEqual(rect);
  expect(between({ x: 80, y: 30 }, { x: 20, y: 70 }, image)).toEqual(rect);
  expect(between({ x: 50, y: 50 }, { x: 50, y: 50 }, image))
    .toEqual({ x: 50, y: 50, width: LEAST, height: LEAST });
  expect(between({ x: 149, y: 99 }, { x: 400, y: 400 }, image))
    .toEqual({ x: 150 - LEAST, y: 100 - LEAST, width: LEAST, height: LEAST });
});

Deno.test("moved() keeps the size, grown() the place, and both stop at the border", () => {
  const rect = { x: 20, y: 30, width: 60, height: 40 };
  expect(moved(rect, 500, -500, image)).toEqual({ x: 90, y: 0, width: 60, height: 40 });
  expect(grown(rect, 500, -500, image)).toEqual({ x: 20, y: 30, width: 130, height: LEAST });
});

Deno.test("opposite() is the corner that stays in place while another is dragged", () => {
  const rect = { x: 20, y: 30, width: 60, height: 40 };
  expect(["nw", "ne", "sw", "se"].map((corner) => opposite(rect, corner))).toEqual([
    { x: 80, y: 70 },
    { x: 20, y: 70 },
    { x: 80, y: 30 },
    { x: 20, y: 30 },
  ]);
});

Deno.test("withContext() adds a margin around the area, as far as the photograph reaches", () => {
  expect(withContext({ x: 21, y: 5, width: 60, height: 90 }, image))
    .toEqual({ x: 8, y: 0, width: 85, height: 100 });
});

Deno.test("an area stays within the photograph, whatever is done to it", () => {
  fc.assert(fc.property(side, side, place, place, place, place, (width, height, a, b, c, d) => {
    const size = { width, height };
    const drawn = between({ x: a, y: b }, { x: c, y: d }, size);
    for (
      const rect of [
        drawn,
        moved(drawn, c, a, size),
        grown(drawn, d, b, size),
        withContext(drawn, size),
      ]
    ) {
      check(rect, size);
    }
  }));
});
