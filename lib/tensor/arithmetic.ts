/** Sums of several tensors, wherever these are. @module */

import { mix } from "./linear.ts";
import { type Tensor, tensor } from "./tensor.ts";

/** A summand: a weight, and what it is multiplied with. */
export type Term<Value> = readonly [weight: number, value: Value];

/** Options of a sum. */
export interface SumOptions<Value> {
  /** The sum is clamped to [-limit, limit]. @default {Infinity} */
  limit?: number;
  /** One of the first two values, if it is no longer needed: the sum may take its memory. */
  spent?: Value;
  /** Aborts the computation, which throws the signal's reason. */
  signal?: AbortSignal;
}

/** Operations on values of one kind, such as tensors or what a GPU holds. */
export interface Arithmetic<Value> {
  /** The sum of weights times values, all of the same sizes; it may be one of the values itself, if that is the sum. */
  sum(terms: readonly Term<Value>[], options?: SumOptions<Value>): Promise<Value>;
  /** Frees memory that is not the CPU's. */
  free(value: Value): void;
}

/** The arithmetic of tensors. */
export const tensors: Arithmetic<Tensor> = {
  sum: (terms, options) => Promise.resolve(sumOf(terms, options)),
  free() {},
};

/** The sum of weights times tensors, computed in doubles, two terms at a time; a tensor itself if that is the sum. */
export function sumOf(
  [[a, x], [b, y] = [0, x], ...rest]: readonly Term<Tensor>[],
  { limit = Infinity, spent }: SumOptions<Tensor> = {},
): Tensor {
  /** A tensor to write to: the sum so far, unless it is a tensor of the caller's. */
  const own = (sum: Tensor) => sum === x && sum !== spent ? tensor(sum.dims) : sum;
  const limitAt = (place: number) => place === rest.length ? limit : Infinity;
  return rest.reduce(
    (sum, [c, z], i) => mix(1, sum, c, z, own(sum), limitAt(i + 1)),
    mix(a, x, b, y, spent, limitAt(0)),
  );
}
