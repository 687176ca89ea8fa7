import { expect } from "expect";
import { flatAreas, flatten } from "../../lib/image/flat.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";

/** A result that is pure noise, 4 times as large. */
const noisy = (height: number, width: number) =>
  noise({ seed: 1, sample: 0, draw: 0 }, [1, 3, 4 * height, 4 * width]);

/** A result with the flat areas of its input. */
function flattened(sr: Tensor, lr: Tensor): Tensor {
  const areas = flatAreas(lr);
  return areas ? flatten(sr, lr, areas) : sr;
}

Deno.test("flatten() gives an input of one colour that colour, up to its border", () => {
  const lr = tensor([1, 3, 5, 30], new Float32Array(450).fill(0.25));
  expect(flattened(noisy(5, 30), lr).data.every((v) => v === 0.25)).toBe(true);
});

Deno.test("flatten() does not change pixels near detail, and adds no edge", () => {
  const [height, width] = [20, 60];
  const lr = tensor([1, 3, height, width]);
  // The left half is a checkerboard; from column 30 on there is one colour.
  lr.data.forEach((_, i) => {
    const x = i % width, y = Math.floor(i / width);
    lr.data[i] = x < 30 ? (x + y) % 2 / 2 : 0.5;
  });
  const before = noisy(height, width), after = flattened(noisy(height, width), lr);
  const kept = (column: number) => {
    let [sum, all] = [0, 0];
    for (let y = 0; y < 4 * height; y++) {
      sum += Math.abs(after.data[y * 4 * width + column] - 0.5);
      all += Math.abs(before.data[y * 4 * width + column] - 0.5);
    }
    return sum / all;
  };
  for (let x = 0; x < 4 * 31 - 2; x++) expect(kept(x)).toBe(1);
  for (let x = 4 * 32; x < 4 * 60; x++) expect(kept(x)).toBe(0);
  for (let x = 1; x < 4 * 60; x++) expect(kept(x - 1) - kept(x)).toBeLessThan(0.6);
});

Deno.test("flatten() does not change blocks of 8 x 8 equal pixels", () => {
  const lr = tensor([1, 3, 32, 32]);
  lr.data.forEach((_, i) => {
    const x = i % 32 >> 3, y = Math.floor(i / 32) % 32 >> 3;
    lr.data[i] = (x * 7 + y * 3) % 5 / 10;
  });
  // A block in a corner may continue beyond the border.
  const inner = { x: 32, y: 32, width: 64, height: 64 };
  const after = crop(flattened(noisy(32, 32), lr), inner);
  expect(after.data).toEqual(crop(noisy(32, 32), inner).data);
});

Deno.test("flatten() keeps white white around text, two pixels from ink", () => {
  const [height, width] = [24, 40];
  const lr = tensor([1, 3, height, width], new Float32Array(3 * height * width).fill(1));
  const ink = (x: number, y: number) => x % 13 === 3 && y > 4 && y < 20;
  lr.data.forEach((_, i) => {
    if (ink(i % width, Math.floor(i / width) % height)) lr.data[i] = -1;
  });
  const { data } = flattened(noisy(height, width), lr);
  data.forEach((v, i) => {
    const x = Math.floor(i % (4 * width) / 4), y = Math.floor(i / (4 * width) / 4) % height;
    const near = [-2, -1, 0, 1, 2].some((dx) =>
      [-2, -1, 0, 1, 2].some((dy) => ink(x + dx, y + dy))
    );
    if (!near) expect(v).toBe(1);
  });
});

Deno.test("flatAreas() finds areas of the smallest size anywhere, and none in noise", () => {
  const height = 23, width = 26;
  const plain = noise({ seed: 2, sample: 0, draw: 0 }, [1, 3, height, width]);
  expect(flatAreas(plain)).toBeUndefined();
  /** The noise, with one colour in a window. */
  const withArea = ({ x, y, side }: { x: number; y: number; side: number }) => {
    const lr = tensor(plain.dims, plain.data.slice());
    for (let i = 0; i < lr.data.length; i++) {
      const column = i % width, row = Math.floor(i / width) % height;
      const isIn = column >= x && column < x + side && row >= y && row < y + side;
      if (isIn) lr.data[i] = 0.5;
    }
    return lr;
  };
  for (let y = 0; y + 9 <= height; y++) {
    for (let x = 0; x + 9 <= width; x++) {
      const areas = flatAreas(withArea({ x, y, side: 9 }))!;
      expect(areas[(y + 4) * width + x + 4]).toBe(1);
    }
  }
  // The image's border is not an edge, so an area in a corner may be smaller.
  for (const [x, y] of [[0, 0], [width - 5, 0], [0, height - 5], [width - 5, height - 5]]) {
    expect(flatAreas(withArea({ x, y, side: 5 }))).toBeDefined();
    expect(flatAreas(withArea({ x, y, side: 4 }))).toBeUndefined();
  }
});
