import { expect } from "expect";
import { estimate, median, paired } from "../../bench/statistics.ts";

Deno.test("estimate() gives Student's 95 % interval", () => {
  // Mean 3, standard deviation sqrt(2.5), t(4) = 2.776.
  const { mean, half, n } = estimate([1, 2, 3, 4, 5]);
  expect([mean, n]).toEqual([3, 5]);
  expect(half).toBeCloseTo(2.776 * Math.sqrt(2.5 / 5), 10);
});

Deno.test("estimate() approaches the normal distribution's interval for many values", () => {
  const values = Array.from({ length: 101 }, (_, i) => i % 2);
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - 50 / 101) ** 2, 0) / 100);
  expect(estimate(values).half / (deviation / Math.sqrt(101))).toBeCloseTo(1.984, 3); // t(100)
});

Deno.test("estimate() of one value has no interval", () => {
  expect(estimate([7])).toEqual({ mean: 7, half: NaN, n: 1 });
});

Deno.test("paired() compares image by image", () => {
  const { mean, larger, smaller, half } = paired([1, 5, 2], [2, 3, 2]);
  expect([mean, larger, smaller]).toEqual([1 / 3, 1, 1]);
  expect(half).toBeGreaterThan(Math.abs(mean));
});

Deno.test("median() is the middle, or the mean of two", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 9])).toBe(3);
});
