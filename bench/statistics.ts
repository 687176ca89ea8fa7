/** Means, their uncertainty, and paired comparisons. @module */

/** A mean with the half width of its 95 % interval; NaN for a single value. */
export interface Estimate {
  /** Arithmetic mean. */
  readonly mean: number;
  /** Half the width of the 95 % confidence interval (Student's t). */
  readonly half: number;
  /** Number of values. */
  readonly n: number;
}

/** Student's t at 97.5 % for 1 to 30 degrees of freedom. */
// deno-fmt-ignore
const T975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
  2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Student's t at 97.5 %; over 30 degrees of freedom by the first term of the Cornish-Fisher expansion. */
function t975(freedom: number): number {
  const z = 1.959964;
  return T975[freedom - 1] ?? z + (z ** 3 + z) / (4 * freedom);
}

/** Mean of the values; NaN if there are none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and 95 % interval of independent values. */
export function estimate(values: readonly number[]): Estimate {
  const n = values.length;
  const centre = mean(values);
  if (n < 2) return { mean: centre, half: NaN, n };
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (n - 1);
  return { mean: centre, half: t975(n - 1) * Math.sqrt(variance / n), n };
}

/** How two methods compare on the same images. */
export interface Comparison extends Estimate {
  /** Images on which the first has the larger value. */
  readonly larger: number;
  /** Images on which it has the smaller one. */
  readonly smaller: number;
}

/** Compares image by image: the differences `a[i] - b[i]`, their signs, and the interval over the images. */
export function paired(a: readonly number[], b: readonly number[]): Comparison {
  const differences = a.map((value, i) => value - b[i]);
  return {
    ...estimate(differences),
    larger: differences.filter((difference) => difference > 0).length,
    smaller: differences.filter((difference) => difference < 0).length,
  };
}

/** The median: of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
