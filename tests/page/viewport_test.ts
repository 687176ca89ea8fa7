import { expect } from "expect";
import fc from "fast-check";
import { arranged, fitted, panned, zoomed } from "../../cli/page/src/viewport.ts";

const size = fc.record({
  width: fc.integer({ min: 1, max: 4000 }),
  height: fc.integer({ min: 1, max: 4000 }),
});

Deno.test("arranged() puts wide images below each other where that makes them larger", () => {
  const wide = { width: 600, height: 400 }, tall = { width: 400, height: 600 };
  const phone = { width: 300, height: 340 }, desk = { width: 900, height: 670 };
  expect(arranged(2, wide, phone)).toEqual({ columns: 1, rows: 2 });
  expect(arranged(2, tall, phone)).toEqual({ columns: 2, rows: 1 });
  expect(arranged(2, wide, desk)).toEqual({ columns: 2, rows: 1 });
  expect(arranged(3, wide, desk)).toEqual({ columns: 2, rows: 2 });
  expect(arranged(4, { width: 512, height: 512 }, desk)).toEqual({ columns: 2, rows: 2 });
  expect(arranged(9, wide, desk)).toEqual({ columns: 3, rows: 3 });
});

Deno.test("arranged() has a place for every image, and no row too many", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), size, size, (count, image, frame) => {
    const { columns, rows } = arranged(count, image, frame);
    expect(columns * rows).toBeGreaterThanOrEqual(count);
    expect(columns * (rows - 1)).toBeLessThan(count);
  }));
});

Deno.test("zoomed() keeps the point under the pointer in place", () => {
  const image = { width: 600, height: 400 };
  const view = fitted(image, { width: 900, height: 600 });
  const at = { x: 120, y: -60 };
  const seen = (now: typeof view) => [
    now.x + at.x / (image.width * now.zoom),
    now.y + at.y / (image.height * now.zoom),
  ];
  const close = zoomed(view, image, 3, at);
  expect(close.zoom).toBeCloseTo(3 * view.zoom);
  expect(seen(close).map((v) => v.toFixed(6))).toEqual(seen(view).map((v) => v.toFixed(6)));
});

Deno.test("panned() keeps a part of the image in the frame", () => {
  const image = { width: 600, height: 400 };
  const far = panned({ x: 0.5, y: 0.5, zoom: 2 }, image, 1e6, -1e6);
  expect([far.x, far.y]).toEqual([0, 1]);
});
