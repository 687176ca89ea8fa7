/** The natural image quality evaluator. @module */

import { Matrix, pseudoInverse } from "ml-matrix";
import { type Image, plainImage } from "../image/image.ts";
import { resize } from "../image/resize.ts";
import { tensor } from "../tensor/tensor.ts";
import { checkPair, lumaIn, type Plane } from "./_planes.ts";

/** The statistics of photographs without distortion: a normal distribution of {@linkcode FEATURES} features. */
export interface NiqeModel {
  /** Means, `[36]`. */
  readonly mean: Float64Array;
  /** Covariance, `[36, 36]`. */
  readonly covariance: Float64Array;
  /** Weights of the local mean, `[7, 7]`. */
  readonly window: Float64Array;
}

const BLOCK = 96;
const SIDE = 7;
const FEATURES = 36;
/** Offsets of the neighbours whose products are used, rows first. */
const SHIFTS = [[0, 1], [1, 0], [1, 1], [1, -1]] as const;

/**
 * NIQE of Mittal, Soundararajan and Bovik (2013): how far the statistics of an image's blocks of 96
 * pixels are from those of photographs; lower is more natural. It needs no truth, and it mistakes grain
 * for detail: use it together with other metrics, never alone.
 *
 * @param border Pixels that are left out on every side.
 * @returns At least 0; NaN if fewer than two blocks fit, or every block is flat.
 * @throws {RangeError} If the border leaves nothing.
 */
export function niqe(image: Image, model: NiqeModel, border = 0): number {
  checkPair(image, image, border);
  const luma = wholeBlocks(image, border);
  if (luma.width * luma.height < 2 * BLOCK * BLOCK) return NaN;
  const fine = features(luma, BLOCK, model.window);
  const coarse = features(halved(luma), BLOCK / 2, model.window);
  const rows = fine.map((row, i) => [...row, ...coarse[i]]);
  return distance(rows, model);
}

/** Rounded BT.601 luma, cropped at the right and bottom to whole blocks. */
function wholeBlocks(image: Image, border: number): Plane {
  const whole = (side: number) => Math.floor((side - 2 * border) / BLOCK) * BLOCK;
  const { width, height } = image;
  const blocks = { x: border, y: border, width: whole(width), height: whole(height) };
  return lumaIn({ ...plainImage(image), channels: 3 }, blocks);
}

function halved({ width, height, data }: Plane): Plane {
  const size = { width: width / 2, height: height / 2 };
  const small = resize(tensor([1, 1, height, width], data), size, { edge: "mirror" });
  return { ...size, data: small.data };
}

/** Features of every block, row by row. */
function features(plane: Plane, block: number, window: Float64Array): number[][] {
  const normal = normalised(plane, window);
  const found: number[][] = [];
  for (let y = 0; y < plane.height; y += block) {
    for (let x = 0; x < plane.width; x += block) {
      found.push(ofBlock(cut(normal, plane.width, x, y, block), block));
    }
  }
  return found;
}

/** (x - local mean) / (local standard deviation + 1), replicated edges. */
function normalised({ width, height, data }: Plane, window: Float64Array): Float64Array {
  const result = new Float64Array(width * height);
  const reach = SIDE >> 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let mean = 0, square = 0;
      for (let v = 0; v < SIDE; v++) {
        const row = Math.min(height - 1, Math.max(0, y + v - reach)) * width;
        for (let u = 0; u < SIDE; u++) {
          const value = data[row + Math.min(width - 1, Math.max(0, x + u - reach))];
          const weighted = window[v * SIDE + u] * value;
          mean += weighted;
          square += weighted * value;
        }
      }
      const deviation = Math.sqrt(Math.abs(square - mean * mean));
      result[y * width + x] = (data[y * width + x] - mean) / (deviation + 1);
    }
  }
  return result;
}

function cut(plane: Float64Array, width: number, x: number, y: number, side: number): Float64Array {
  const block = new Float64Array(side * side);
  for (let v = 0; v < side; v++) {
    const from = (y + v) * width + x;
    block.set(plane.subarray(from, from + side), v * side);
  }
  return block;
}

/** 18 features: the shape of the values, and of their products with four neighbours. */
function ofBlock(block: Float64Array, side: number): number[] {
  const { alpha, left, right } = fitted(block);
  const found = [alpha, (left + right) / 2];
  for (const [down, across] of SHIFTS) {
    const products = block.map((value, i) => {
      const y = Math.floor(i / side), x = i % side;
      const row = (y - down + side) % side, column = (x - across + side) % side;
      return value * block[row * side + column];
    });
    const { alpha, left, right } = fitted(products);
    const mean = (right - left) * gamma(2 / alpha) / gamma(1 / alpha);
    found.push(alpha, mean, left, right);
  }
  return found;
}

/** Candidate shapes, and the moment ratio of each. */
const SHAPES = Array.from({ length: 9800 }, (_, i) => 0.2 + i * 0.001);
let ratios: Float64Array | undefined;

/** An asymmetric generalised normal distribution by moments (Lasmar et al. 2009). */
function fitted(values: Float64Array): { alpha: number; left: number; right: number } {
  let below = 0, above = 0, negative = 0, positive = 0, absolute = 0;
  for (const value of values) {
    absolute += Math.abs(value);
    if (value < 0) {
      below += value * value;
      negative++;
    } else if (value > 0) {
      above += value * value;
      positive++;
    }
  }
  const left = Math.sqrt(below / negative), right = Math.sqrt(above / positive);
  const n = values.length, asymmetry = left / right;
  const ratio = (absolute / n) ** 2 / ((below + above) / n);
  const wanted = ratio * (asymmetry ** 3 + 1) * (asymmetry + 1) / (asymmetry ** 2 + 1) ** 2;
  const alpha = nearestShape(wanted);
  const spread = Math.sqrt(gamma(1 / alpha) / gamma(3 / alpha));
  return { alpha, left: left * spread, right: right * spread };
}

function nearestShape(wanted: number): number {
  ratios ??= Float64Array.from(SHAPES, (a) => gamma(2 / a) ** 2 / (gamma(1 / a) * gamma(3 / a)));
  let best = 0;
  for (let i = 1; i < ratios.length; i++) {
    if ((ratios[i] - wanted) ** 2 < (ratios[best] - wanted) ** 2) best = i;
  }
  return SHAPES[best];
}

/** Distance between the normal distributions of the blocks and of photographs. */
function distance(rows: readonly number[][], { mean, covariance }: NiqeModel): number {
  const kept = rows.filter((row) => row.every(Number.isFinite));
  if (kept.length < 2) return NaN;
  // The mean is over every value that is not NaN, as in the published script.
  const own = mean.map((_, k) =>
    average(rows.map((row) => row[k]).filter((v) => !Number.isNaN(v)))
  );
  const centred = mean.map((_, k) => average(kept.map((row) => row[k])));
  const pooled = new Matrix(FEATURES, FEATURES);
  for (let i = 0; i < FEATURES; i++) {
    for (let j = 0; j < FEATURES; j++) {
      let sum = 0;
      for (const row of kept) sum += (row[i] - centred[i]) * (row[j] - centred[j]);
      pooled.set(i, j, (covariance[i * FEATURES + j] + sum / (kept.length - 1)) / 2);
    }
  }
  const gap = Matrix.columnVector(Array.from(mean, (value, k) => value - own[k]));
  return Math.sqrt(gap.transpose().mmul(pseudoInverse(pooled)).mmul(gap).get(0, 0));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Lanczos' approximation with g = 7 and nine terms; for arguments above 0. */
function gamma(x: number): number {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const z = x - 1;
  const series = LANCZOS.reduce((sum, c, i) => i === 0 ? c : sum + c / (z + i), 0);
  const t = z + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (z + 0.5) * Math.exp(-t) * series;
}

const LANCZOS = [
  0.99999999999980993,
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
];
