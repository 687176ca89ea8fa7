/** Dense float tensors in row-major order. @module */

import { checkWhole } from "../checks.ts";

/** Numbers and their shape; images are `[n, channels, height, width]`. */
export interface Tensor {
  /** Row-major values; as many as the product of `dims`. */
  readonly data: Float32Array;
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
}

/** Arrays of values, or bytes. */
type Values = Float32Array | Uint8Array | Uint8ClampedArray;

/** Number of values of a tensor with these sizes. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/**
 * Makes a tensor, filled with zeros unless its values are given.
 *
 * @throws {TypeError} If a size is not a number.
 * @throws {RangeError} If a size is not a whole number from 0, or the length of `data` does not match `dims`.
 */
export function tensor(dims: readonly number[], data?: Float32Array): Tensor {
  for (const dim of dims) checkWhole("dims", dim, { to: Number.MAX_SAFE_INTEGER });
  const size = sizeOf(dims);
  const values = data ?? new Float32Array(size);
  if (values.length !== size) {
    throw new RangeError(
      `Cannot make a tensor of [${dims}]: it holds ${size} values, got ${values.length}`,
    );
  }
  return { data: values, dims };
}

/** Frees a tensor, or bytes, that are no longer needed: now, instead of when the garbage is collected. */
export function release({ data }: { readonly data: Float32Array | Uint8Array }): void {
  // Without transfer() the memory waits for the garbage collector; a buffer that is gone already must not be transferred.
  if (isAlone(data)) (data.buffer as ArrayBuffer).transfer?.(0);
}

/** Whether an array is there, and alone in its buffer, so that this can be freed or moved. */
export function isAlone({ byteLength, buffer }: Values): boolean {
  return byteLength > 0 && byteLength === buffer.byteLength;
}

/** An array that is alone in its buffer: this one, or a copy. */
export function alone<Some extends Values>(values: Some): Some {
  return isAlone(values) ? values : values.slice() as Some;
}
