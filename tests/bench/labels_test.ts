import { expect } from "expect";
import fc from "fast-check";
import { ADVANCE, LETTER, placeLabels } from "../../bench/report/labels.ts";

const PLOT = { width: 460, height: 320 };

/** Area in which two names overlap, in square pixels. */
function overlap(a: Named, b: Named): number {
  const width = (a.name.length + b.name.length) * ADVANCE / 2 - Math.abs(a.x - b.x);
  const height = LETTER - Math.abs(a.y - b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

interface Named {
  x: number;
  y: number;
  name: string;
}

function placed(points: Named[]): Named[] {
  const offsets = placeLabels(points, PLOT);
  return points.map(({ x, y, name }, i) => ({ x: x + offsets[i].dx, y: y + offsets[i].dy, name }));
}

Deno.test("placeLabels() keeps the names of close points apart", () => {
  const names = ["bicubic", "lanczos3", "nearest", "upscalerjs-esrgan-slim"];
  const near = fc.record({
    x: fc.double({ min: 180, max: 280, noNaN: true }),
    y: fc.double({ min: 140, max: 180, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(near, { minLength: 4, maxLength: 4 }), (places) => {
    const labels = placed(places.map((place, i) => ({ ...place, name: names[i] })));
    for (const [i, a] of labels.entries()) {
      for (const b of labels.slice(0, i)) expect(overlap(a, b)).toBe(0);
    }
  }));
});

Deno.test("placeLabels() keeps names inside the plot", () => {
  for (const [x, y] of [[2, 2], [458, 2], [2, 318], [458, 318]]) {
    const [label] = placed([{ x, y, name: "upscalerjs-esrgan-slim" }]);
    const half = label.name.length * ADVANCE / 2;
    expect(label.x - half).toBeGreaterThanOrEqual(0);
    expect(label.x + half).toBeLessThanOrEqual(PLOT.width);
    expect(label.y).toBeGreaterThan(0);
    expect(label.y).toBeLessThan(PLOT.height);
  }
});
