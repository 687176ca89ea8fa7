import { expect } from "expect";
import { tensor } from "../lib/tensor/tensor.ts";
import type { Tensor } from "../lib/tensor/tensor.ts";
import { crop } from "../lib/tensor/window.ts";
import { overTiles, spansOf, type TileRun, tilesOf, type Tiling } from "../lib/tiling.ts";
import { weightsOf } from "../lib/tiling.ts";
import { noise } from "../lib/tensor/noise.ts";
import { largestDifference } from "./_difference.ts";

const CASES: [length: number, tiling: Tiling][] = [
  [5, { size: 32, overlap: 8, multiple: 1 }],
  [32, { size: 32, overlap: 8, multiple: 1 }],
  [33, { size: 32, overlap: 8, multiple: 1 }],
  [100, { size: 32, overlap: 8, multiple: 4 }],
  [101, { size: 32, overlap: 8, multiple: 1 }],
  [100, { size: 18, overlap: 8, multiple: 2 }],
  [64, { size: 16, overlap: 0, multiple: 2 }],
  [240, { size: 64, overlap: 13, multiple: 8 }],
  [240, { size: 64, overlap: 13, multiple: 8, blended: true }],
  [101, { size: 32, overlap: 6, multiple: 2 }],
];

for (const [length, tiling] of CASES) {
  const what = `${length} pixels in tiles of ${JSON.stringify(tiling)}`;

  Deno.test(`spansOf() cuts ${what}`, () => {
    const spans = spansOf(length, tiling);
    expect(spans[0].start).toBe(0);
    expect(spans.at(-1)!.start + spans.at(-1)!.size).toBe(length);
    for (const [i, span] of spans.entries()) {
      expect(span.start % tiling.multiple).toBe(0);
      const end = span.start + span.size;
      if (i > 0) expect(span.from - span.start).toBeGreaterThanOrEqual(tiling.overlap);
      if (end < length) expect(end - span.to).toBeGreaterThanOrEqual(tiling.overlap);
      if (i > 0) expect(span.from).toBe(spans[i - 1].to);
    }
    expect(new Set(spans.slice(0, -1).map((span) => span.size)).size).toBeLessThanOrEqual(1);
  });

  for (const ratio of [1, 4]) {
    Deno.test(`weightsOf() sums to 1 over ${what} at ratio ${ratio}`, () => {
      const total = new Float64Array(length * ratio);
      for (const span of spansOf(length, tiling)) {
        weightsOf(span, length, ratio).forEach((w, i) => {
          expect(w).toBeGreaterThanOrEqual(0);
          total[span.start * ratio + i] += w;
        });
      }
      for (const sum of total) expect(sum).toBeCloseTo(1, 6);
    });
  }
}

Deno.test("weightsOf() gives weight 0 to the pixels next to a cut", () => {
  for (const span of spansOf(240, { size: 64, overlap: 16, multiple: 2 })) {
    const weights = weightsOf(span, 240, 4);
    if (span.start > 0) expect(weights.subarray(0, 4 * 13).every((w) => w === 0)).toBe(true);
    if (span.start + span.size < 240) {
      expect(weights.slice(-4 * 13).every((w) => w === 0)).toBe(true);
    }
  }
});

Deno.test("spansOf() refuses tiles that are too small, no multiple or not whole", () => {
  const refuse = (tiling: Tiling) => expect(() => spansOf(100, tiling)).toThrow(RangeError);
  refuse({ size: 16, overlap: 8, multiple: 1 });
  refuse({ size: 33, overlap: 8, multiple: 2 });
  refuse({ size: 20.5, overlap: 8, multiple: 1 });
});

/** A blur of radius 3 with zeros outside, doubled in size: it acts at borders like a small network. */
const blur: TileRun = ({ lr, ...rest }) => {
  const [n, channels, height, width] = lr.dims;
  const out = tensor([n, channels, 2 * height, 2 * width]);
  for (let i = 0; i < out.data.length; i++) {
    const x = i % (2 * width) >> 1, y = Math.floor(i / 2 / width) % (2 * height) >> 1;
    const plane = Math.floor(i / 4 / width / height) * width * height;
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) {
        const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        if (inside) out.data[i] += lr.data[plane + (y + dy) * width + x + dx] / 49;
      }
    }
  }
  return Promise.resolve({ ...rest, out });
};

const far = (a: Tensor, b: Tensor) => largestDifference(a.data, b.data);

Deno.test("overTiles() equals the whole when the overlap is the radius", async () => {
  const grid = [37, 50] as const;
  const lr = noise({ seed: 0, sample: 0, draw: 0 }, [2, 3, ...grid]);
  const hr = noise({ seed: 0, sample: 0, draw: 1 }, [2, 1, 4 * 37, 4 * 50]);
  const whole = await blur({ lr, hr });
  for (const size of [8, 16, 21, 64]) {
    const tiling = { size, overlap: 3, multiple: 1 };
    const seen: number[][] = [];
    const onTile = (...counts: number[]) => seen.push(counts);
    const tiled = await overTiles({ lr, hr }, blur, { tiling, grid, onTile });
    expect(tiled.out.dims).toEqual([2, 3, 74, 100]);
    expect(far(tiled.out, whole.out)).toBeLessThan(1e-6);
    expect(far(tiled.hr, hr)).toBeLessThan(1e-6);
    const tiles = tilesOf([new Map([[37, 1]]), new Map([[50, 1]])], tiling).count;
    expect(seen).toEqual(Array.from({ length: tiles }, (_, i) => [i + 1, tiles]));
  }
});

Deno.test("overTiles() shows seams when the overlap is less than the radius", async () => {
  const grid = [37, 50] as const;
  const lr = noise({ seed: 0, sample: 0, draw: 0 }, [1, 1, ...grid]);
  const tiling = { size: 16, overlap: 1, multiple: 1 };
  const { out } = await overTiles({ lr }, blur, { tiling, grid });
  expect(far(out, (await blur({ lr })).out)).toBeGreaterThan(0.01);
});

Deno.test("overTiles() makes smaller tiles when memory runs out", async () => {
  const grid = [40, 40] as const;
  const lr = noise({ seed: 0, sample: 0, draw: 0 }, [1, 1, ...grid]);
  const sizes = new Set<number>();
  const run: TileRun = (inputs) => {
    sizes.add(inputs.lr.dims[3]);
    if (inputs.lr.dims[3] > 12) throw new Error("std::bad_alloc");
    return blur(inputs);
  };
  const tiling = { size: 32, overlap: 3, multiple: 1 };
  const { out } = await overTiles({ lr }, run, { tiling, grid });
  expect([...sizes]).toEqual([23, 15, 8]);
  expect(far(out, (await blur({ lr })).out)).toBeLessThan(1e-6);
  sizes.clear();
  expect((await overTiles({ lr }, run, { tiling, grid })).out).toEqual(out);
  expect([...sizes]).toEqual([8]);
  const broken = () => Promise.reject(new Error("no such operator"));
  await expect(overTiles({ lr }, broken, { tiling, grid })).rejects.toThrow("no such operator");
  const greedy = () => Promise.reject(new Error("failed to allocate 3 GB"));
  await expect(overTiles({ lr }, greedy, { tiling, grid })).rejects.toThrow("allocate");
});

Deno.test("overTiles() stops within one tile when its signal aborts", async () => {
  const controller = new AbortController();
  const lr = tensor([1, 1, 40, 40]);
  let calls = 0;
  const run: TileRun = (inputs) => {
    if (++calls === 2) controller.abort();
    return blur(inputs);
  };
  const tiling = { size: 16, overlap: 3, multiple: 1 };
  const { signal } = controller;
  await expect(overTiles({ lr }, run, { tiling, grid: [40, 40], signal })).rejects.toThrow();
  expect(calls).toBe(2);
});

Deno.test("crop() takes a window, and repeats the right and the lower edge beyond the image", () => {
  const source = tensor([1, 1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
  expect([...crop(source, { x: 1, y: 1, width: 2, height: 1 }).data]).toEqual([5, 6]);
  const larger = crop(source, { x: 0, y: 0, width: 4, height: 4 });
  expect([...larger.data]).toEqual([1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6, 4, 5, 6, 6]);
  expect(crop(source, { x: 0, y: 0, width: 3, height: 2 })).toBe(source);
  expect(() => crop(source, { x: 3, y: 0, width: 1, height: 1 })).toThrow(RangeError);
});
