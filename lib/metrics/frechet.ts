/** The distance behind FID. @module */

import { Matrix, QrDecomposition, SingularValueDecomposition } from "ml-matrix";
import type { Tensor } from "../tensor/tensor.ts";

/** A normal distribution of features, with covariance factor^T factor. */
export interface Gaussian {
  /** Mean of each feature. */
  readonly mean: Float64Array;
  /** Rows whose outer products sum to the covariance, `[rows, features]`. */
  readonly factor: Tensor64;
}

/** A matrix of doubles, row by row. */
export interface Tensor64 {
  /** Row-major values. */
  readonly data: Float64Array;
  /** Rows and columns. */
  readonly dims: readonly [number, number];
}

/**
 * The normal distribution with the mean and the (unbiased) covariance of feature vectors.
 *
 * @param features `[n, features]`, n at least 2.
 * @throws {RangeError} If there are fewer than two vectors.
 */
export function gaussianOf(features: Tensor): Gaussian {
  const [n, size] = features.dims;
  if (n < 2) {
    throw new RangeError(`Cannot fit a distribution to ${n} vectors: at least two are needed`);
  }
  const mean = new Float64Array(size);
  for (let i = 0; i < n * size; i++) mean[i % size] += features.data[i] / n;
  const data = Float64Array.from(
    features.data,
    (value, i) => (value - mean[i % size]) / Math.sqrt(n - 1),
  );
  return { mean, factor: { data, dims: [n, size] } };
}

/**
 * Squared Frechet distance of two normal distributions (Dowson & Landau 1982; the FID of Heusel et al. 2017,
 * equation 6): |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)).
 *
 * With C = F^T F the trace of (C1 C2)^(1/2) is the sum of the singular values of F1 F2^T, which needs no root of a
 * matrix, loses no digits to squaring, and is small where there are fewer images than features.
 *
 * @throws {RangeError} If the distributions have different numbers of features.
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  if (a.mean.length !== b.mean.length) {
    throw new RangeError(
      `Cannot compare distributions of ${a.mean.length} and ${b.mean.length} features`,
    );
  }
  const means = a.mean.reduce((sum, value, i) => sum + (value - b.mean[i]) ** 2, 0);
  const product = reduced(a.factor).mmul(reduced(b.factor).transpose());
  const singular = new SingularValueDecomposition(product, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  const root = singular.diagonal.reduce((sum, value) => sum + value, 0);
  return means + sumOfSquares(a.factor) + sumOfSquares(b.factor) - 2 * root;
}

function sumOfSquares({ data }: Tensor64): number {
  return data.reduce((sum, value) => sum + value * value, 0);
}

/** A factor of the same covariance with no more rows than features: the R of QR by Householder. */
function reduced({ data, dims: [rows, columns] }: Tensor64): Matrix {
  const matrix = Matrix.from1DArray(rows, columns, data);
  return rows > columns ? new QrDecomposition(matrix).upperTriangularMatrix : matrix;
}
