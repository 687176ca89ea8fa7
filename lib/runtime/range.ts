/** The least and the largest value of tensors, by which outputs are judged. @module */

/** Least and largest value; one of the two is NaN, or both, if any value is NaN. */
export interface Range {
  /** The least. */
  readonly least: number;
  /** The largest. */
  readonly most: number;
}

/** Number of images in a tensor of these sizes; 1 if it does not hold images. */
export function imagesOf(dims: readonly number[]): number {
  return dims.length < 4 ? 1 : dims[0];
}

/** The range of each of `count` images. */
export function rangesOf(data: Float32Array, count: number): Range[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => rangeOf(data.subarray(i * size, (i + 1) * size)));
}

/** The ranges of images that have the values of two images each. */
export function joinedRanges(some: readonly Range[], others: readonly Range[]): Range[] {
  return others.map(({ least, most }, i) => ({
    least: Math.min(least, some[i]?.least ?? least),
    most: Math.max(most, some[i]?.most ?? most),
  }));
}

/** Whether no value is NaN or infinite. */
export function isFiniteRange({ least, most }: Range): boolean {
  return Number.isFinite(least) && Number.isFinite(most);
}

function rangeOf(data: Float32Array): Range {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value < least) least = value;
    if (value > most) most = value;
    if (value !== value) return { least: NaN, most: NaN };
  }
  return data.length === 0 ? { least: 0, most: 0 } : { least, most };
}
