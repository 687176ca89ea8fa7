/** The Inception Score. @module */

import { checkWhole } from "../checks.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Mean and standard deviation over the splits. */
export interface InceptionScore {
  /** The score, from 1 to the number of classes. */
  readonly mean: number;
  /** Standard deviation over the splits, divided by their number. */
  readonly deviation: number;
}

/**
 * exp(E KL(p(y|x) || p(y))) over consecutive splits of the images (Salimans et al. 2016, section 4).
 *
 * @param probabilities Class probabilities `[n, classes]`, every row adding up to 1.
 * @param splits Number of parts that are scored separately, 10 in papers.
 * @throws {RangeError} If there are more splits than images.
 */
export function inceptionScore(probabilities: Tensor, splits = 10): InceptionScore {
  const [n] = probabilities.dims;
  checkWhole("splits", splits, { from: 1, to: n });
  const scores = Array.from(
    { length: splits },
    (_, i) => scoreOf(probabilities, Math.floor(i * n / splits), Math.floor((i + 1) * n / splits)),
  );
  const mean = scores.reduce((sum, score) => sum + score, 0) / splits;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / splits;
  return { mean, deviation: Math.sqrt(variance) };
}

function scoreOf({ data, dims: [, classes] }: Tensor, first: number, end: number): number {
  const marginal = new Float64Array(classes);
  for (let i = first * classes; i < end * classes; i++) {
    marginal[i % classes] += data[i] / (end - first);
  }
  let divergence = 0;
  for (let i = first * classes; i < end * classes; i++) {
    if (data[i] > 0) divergence += data[i] * Math.log(data[i] / marginal[i % classes]);
  }
  return Math.exp(divergence / (end - first));
}
