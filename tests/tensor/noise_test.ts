import { expect } from "expect";
import cases from "../fixtures/noise.json" with { type: "json" };
import { drawSeed, noise, normalOf, threefry2x32 } from "../../lib/tensor/noise.ts";
import type { Words } from "../../lib/tensor/noise.ts";

/** Known answers that Random123 publishes (kat_vectors, "threefry2x32 20"): counter, key, result. */
const KNOWN: [Words, Words, Words][] = [
  [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
  [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
  [[0x243f6a88, 0x85a308d3], [0x13198a2e, 0x03707344], [0xc4923a9c, 0x483df7a0]],
];

for (const [counter, key, answer] of KNOWN) {
  Deno.test(`threefry2x32() gives the published answer for the counter ${counter}`, () => {
    expect(threefry2x32(key, counter).map((word) => word >>> 0)).toEqual([...answer]);
  });
}

Deno.test("noise() gives the bits that numpy computes", () => {
  for (const { dims, x, y, bits, ...index } of cases) {
    const { data } = noise(index, dims, { x, y });
    expect([...new Uint32Array(data.buffer)]).toEqual(bits);
  }
});

Deno.test("normalOf() inverts the normal distribution, symmetric about its middle", () => {
  // statistics.NormalDist().inv_cdf((u + 0.5) / 2**32) of Python 3
  expect(normalOf(0)).toBeCloseTo(-6.337957754553789, 14);
  expect(normalOf(12345678)).toBeCloseTo(-2.7617695198594854, 14);
  for (const u of [0, 1, 5, 322122547, 322122548, 2 ** 31 - 1]) {
    expect(normalOf(2 ** 32 - 1 - u)).toBe(-normalOf(u));
  }
});

Deno.test("noise() depends on the pixel, not on the window", () => {
  const index = { seed: 7, sample: 1, draw: 3 };
  const whole = noise(index, [1, 3, 20, 31]);
  for (const [x, y, width, height] of [[0, 0, 7, 5], [3, 4, 9, 16], [30, 19, 1, 1]]) {
    const part = noise(index, [1, 3, height, width], { x, y });
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < width * height; i++) {
        const at = (c * 20 + y + Math.floor(i / width)) * 31 + x + i % width;
        expect(part.data[c * width * height + i]).toBe(whole.data[at]);
      }
    }
  }
});

Deno.test("noise() gives each item of a batch the same values as alone", () => {
  const batch = noise({ seed: 5, sample: 2, draw: 0 }, [3, 2, 4, 4]);
  for (let item = 0; item < 3; item++) {
    const alone = noise({ seed: 5, sample: 2 + item, draw: 0 }, [1, 2, 4, 4]);
    expect(batch.data.subarray(item * 32, item * 32 + 32)).toEqual(alone.data);
  }
});

Deno.test("noise() is standard normal and its fields are independent", () => {
  const n = 300 * 300;
  const fields = [
    { seed: 1, sample: 0, draw: 0 },
    { seed: 2, sample: 0, draw: 0 },
    { seed: 1, sample: 1, draw: 0 },
    { seed: 1, sample: 0, draw: 1 },
  ].map((index) => noise(index, [1, 1, 300, 300]).data);
  fields.push(noise({ seed: 1, sample: 0, draw: 0 }, [1, 2, 300, 300]).data.slice(n));
  const bound = 5 / Math.sqrt(n); // five standard errors of a mean of n products of unit variance
  for (const [i, a] of fields.entries()) {
    const moment = (power: number) => a.reduce((sum, z) => sum + z ** power, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(bound);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(Math.SQRT2 * bound);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(Math.sqrt(96) * bound);
    for (const b of fields.slice(i + 1)) {
      expect(Math.abs(a.reduce((sum, z, k) => sum + z * b[k], 0) / n)).toBeLessThan(bound);
    }
    // Neighbours in a row, including the two halves of one word, and in a column; also their squares.
    for (const apart of [1, 2, 300, 301]) {
      const lag = a.reduce((sum, z, k) => sum + (k < apart ? 0 : z * a[k - apart]), 0) / n;
      expect(Math.abs(lag)).toBeLessThan(bound);
      const square = (k: number) => a[k] ** 2 - 1;
      const squares = a.reduce(
        (sum, _, k) => sum + (k < apart ? 0 : square(k) * square(k - apart)),
        0,
      );
      expect(Math.abs(squares / n)).toBeLessThan(2 * bound);
    }
  }
});

Deno.test("noise() refuses values that are not seeds", () => {
  for (const seed of [-1, 0.5, 2 ** 53, NaN]) {
    expect(() => noise({ seed, sample: 0, draw: 0 }, [1, 1, 1, 1])).toThrow(RangeError);
  }
  expect(noise({ seed: 2 ** 32, sample: 0, draw: 0 }, [1, 1, 1, 4]).data)
    .not.toEqual(noise({ seed: 0, sample: 0, draw: 0 }, [1, 1, 1, 4]).data);
});

Deno.test("drawSeed() draws whole numbers that differ", () => {
  const seeds = Array.from({ length: 8 }, drawSeed);
  expect(new Set(seeds).size).toBe(8);
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
});
