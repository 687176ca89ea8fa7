import { expect } from "expect";
import { deviationMap, errorCorrelation } from "../../lib/metrics/mod.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { picture } from "./_pictures.ts";

const flat = (value: number) => picture(8, 8, () => value);
const alone = { window: 0 };

Deno.test("deviationMap() without a window is the square root of the channels' mean variance", () => {
  // Variances (n - 1) of 90 110, of 98 102 and of 100 100: 200, 8, 0.
  const samples = [
    picture(8, 8, (c) => [90, 98, 100][c]),
    picture(8, 8, (c) => [110, 102, 100][c]),
  ];
  const { dims, data } = deviationMap(samples, alone);
  expect(dims).toEqual([1, 1, 8, 8]);
  for (const value of data) expect(value).toBeCloseTo(Math.sqrt(208 / 3), 4);
});

Deno.test("deviationMap() averages the variance, not the deviation, over its window", () => {
  // Columns alternate between variances 0 and 2 * 10^2, so far from the border half of it is left.
  const samples = [-1, 1].map((sign) => picture(40, 40, (_, x) => 100 + sign * 10 * (x % 2)));
  const { data } = deviationMap(samples, { window: 3 });
  expect(data[20 * 40 + 20]).toBeCloseTo(10, 2);
  expect(deviationMap(samples).data[20 * 40 + 20]).toBeCloseTo(10, 2);
});

Deno.test("deviationMap() refuses fewer than two samples, different sizes, and an invalid window", () => {
  expect(() => deviationMap([flat(1)])).toThrow("at least 2");
  expect(() => deviationMap([flat(1), picture(8, 9, () => 1)])).toThrow("sizes must be equal");
  for (const window of [-1, NaN, Infinity]) {
    expect(() => deviationMap([flat(1), flat(2)], { window })).toThrow("from 0");
  }
});

Deno.test("errorCorrelation() is 1 if the samples differ where they are wrong, -1 if they differ where they are right", () => {
  const truth = flat(100);
  const samples = (spreadAt: (x: number) => number, errorAt: (x: number) => number) =>
    [-1, 1].map((sign) => picture(8, 8, (_, x) => 100 + errorAt(x) + sign * spreadAt(x)));
  expect(errorCorrelation(samples((x) => x, (x) => 3 * x), truth, alone)).toBeCloseTo(1, 10);
  expect(errorCorrelation(samples((x) => 8 - x, (x) => x * x), truth, alone)).toBeCloseTo(-1, 10);
});

Deno.test("errorCorrelation() gives equal values their mean rank", () => {
  // Ranks of the spreads 0 0 1 1 and of the errors 0 1 2 3, each 16 times: rho = 2 / sqrt(5).
  const samples = [-1, 1].map((sign) =>
    picture(4, 4, (_, x) => 100 + x + sign * 5 * Math.floor(x / 2))
  );
  const truth = picture(4, 4, () => 100);
  expect(errorCorrelation(samples, truth, alone)).toBeCloseTo(2 / Math.sqrt(5), 10);
});

Deno.test("errorCorrelation() of equal samples is NaN", () => {
  expect(errorCorrelation([flat(9), flat(9)], flat(10))).toBeNaN();
});

Deno.test("errorCorrelation() is higher over a window than at single pixels for a few calibrated samples", () => {
  // Truth and samples have the same distribution; its deviation rises slowly from left to right.
  const drawn = (seed: number) => {
    const { data } = noise({ seed, sample: 0, draw: 0 }, [1, 3, 64, 64], { x: 0, y: 0 });
    return picture(64, 64, (c, x, y) => 128 + (1 + x / 8) * data[(c * 64 + y) * 64 + x]);
  };
  const truth = drawn(9), samples = [0, 1, 2].map(drawn);
  const pooled = errorCorrelation(samples, truth), single = errorCorrelation(samples, truth, alone);
  expect(pooled).toBeGreaterThan(single + 0.05);
});
