import { expect } from "expect";
import {
  frechetDistance,
  type Gaussian,
  gaussianOf,
  inceptionScore,
} from "../../lib/metrics/mod.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

function gaussian(mean: number[], factor: number[][]): Gaussian {
  const data = Float64Array.from(factor.flat());
  return { mean: Float64Array.from(mean), factor: { data, dims: [factor.length, mean.length] } };
}

Deno.test("frechetDistance() of two normal distributions on a line is (m1-m2)^2 + (s1-s2)^2", () => {
  expect(frechetDistance(gaussian([1], [[3]]), gaussian([4], [[5]]))).toBeCloseTo(9 + 4, 10);
});

Deno.test("frechetDistance() of covariances that do not commute equals the closed form for 2x2", () => {
  // tr sqrt(M) = sqrt(tr M + 2 sqrt(det M)) for a 2x2 matrix with positive eigenvalues; M = C1 C2.
  const f1 = [[2, 1], [0, 1]], f2 = [[1, 0], [3, 2]];
  const c1 = [4, 2, 2, 2], c2 = [10, 6, 6, 4]; // F^T F
  const trace = c1[0] * c2[0] + c1[1] * c2[2] + c1[2] * c2[1] + c1[3] * c2[3];
  const determinant = (c1[0] * c1[3] - c1[1] ** 2) * (c2[0] * c2[3] - c2[1] ** 2);
  const expected = 6 + 14 - 2 * Math.sqrt(trace + 2 * Math.sqrt(determinant));
  expect(frechetDistance(gaussian([0, 0], f1), gaussian([0, 0], f2))).toBeCloseTo(expected, 8);
});

Deno.test("frechetDistance() of a distribution to itself is 0, with more and with fewer rows than features", () => {
  for (const n of [3, 40]) {
    const data = Float32Array.from({ length: n * 5 }, (_, i) => Math.sin(i * i));
    const g = gaussianOf(tensor([n, 5], data));
    expect(frechetDistance(g, g)).toBeCloseTo(0, 6);
  }
});

Deno.test("frechetDistance() of scaled diagonal covariances adds up over the features", () => {
  const a = gaussian([0, 1, 2], [[1, 0, 0], [0, 2, 0], [0, 0, 3]]);
  const b = gaussian([1, 1, 0], [[2, 0, 0], [0, 2, 0], [0, 0, 1]]);
  expect(frechetDistance(a, b)).toBeCloseTo(1 + 4 + (1 + 0 + 4), 8);
});

Deno.test("gaussianOf() has the unbiased covariance", () => {
  const { mean, factor } = gaussianOf(tensor([3, 2], Float32Array.of(1, 0, 2, 0, 6, 3)));
  expect([...mean]).toEqual([3, 1]);
  const [a, b, c, d, e, f] = factor.data;
  expect(a * a + c * c + e * e).toBeCloseTo(7, 10);
  expect(a * b + c * d + e * f).toBeCloseTo(4.5, 10);
  expect(() => gaussianOf(tensor([1, 2]))).toThrow("at least two are needed");
});

Deno.test("frechetDistance() refuses different numbers of features", () => {
  expect(() => frechetDistance(gaussian([0], [[1]]), gaussian([0, 0], [[1, 0]]))).toThrow(
    RangeError,
  );
});

Deno.test("inceptionScore() of certain and balanced classes is their number", () => {
  const certain = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  expect(inceptionScore(tensor([3, 3], certain), 1).mean).toBeCloseTo(3, 10);
});

Deno.test("inceptionScore() of equal probabilities is 1", () => {
  const same = tensor([4, 2], Float32Array.of(0.7, 0.3, 0.7, 0.3, 0.7, 0.3, 0.7, 0.3));
  expect(inceptionScore(same, 2)).toEqual({
    mean: expect.closeTo(1, 6),
    deviation: expect.closeTo(0, 6),
  });
});

Deno.test("inceptionScore() is exp of the mean divergence", () => {
  const data = Float32Array.of(0.75, 0.25, 0.25, 0.75);
  const kl = 0.75 * Math.log(1.5) + 0.25 * Math.log(0.5);
  expect(inceptionScore(tensor([2, 2], data), 1).mean).toBeCloseTo(Math.exp(kl), 6);
});

Deno.test("inceptionScore() gives mean and deviation over its splits", () => {
  const data = Float32Array.of(1, 0, 0, 1, 1, 0, 1, 0);
  const score = inceptionScore(tensor([4, 2], data), 2);
  expect(score.mean).toBeCloseTo(1.5, 6);
  expect(score.deviation).toBeCloseTo(0.5, 6);
  expect(() => inceptionScore(tensor([4, 2], data), 5)).toThrow("from 1 to 4");
});
