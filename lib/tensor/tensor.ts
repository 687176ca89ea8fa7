/** Dense float tensors in row-major order. @module */

/** Numbers and their shape; images are `[n, channels, height, width]`. */
export interface Tensor {
  /** Row-major values; as many as the product of `dims`. */
  readonly data: Float32Array;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
}

/** Number of values of a tensor with these sizes. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * Makes a tensor, filled with zeros unless its values are given.
 *
 * @throws {RangeError} If the length of `data` does not match `dims`.
 */
export function tensor(
  dims: readonly number[],
  data: Float32Array = new Float32Array(sizeOf(dims)),
): Tensor {
  if (data.length !== sizeOf(dims)) {
    throw new RangeError(
      `Cannot make a tensor of [${dims}]: it holds ${sizeOf(dims)} values, got ${data.length}`,
    );
  }
  return { data, dims };
}
