/** The result of a replay: the largest error of each quantity, and its limit. @module */

import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { itemOf, type NumberArray } from "../npz.ts";

/** Largest errors allowed between a recording and its replay. */
export const limits = {
  /** One call of a network. */
  call: 2e-5,
  /** A state or an image after many calls. */
  trajectory: 1e-3,
  /** Bits per pixel position. */
  nll: 1e-4,
  /** Log-determinant, relative to the largest one. */
  logDet: 1e-5,
  /** A table or an image that is computed without a network, relative to its largest value. */
  array: 1e-6,
} as const;

/** One quantity, compared. */
export interface Comparison {
  /** Name of the recorded array. */
  readonly quantity: string;
  /** Largest difference, NaN if a value is not a number. */
  readonly error: number;
  /** Largest difference that passes. */
  readonly limit: number;
}

/** Numbers with sizes, of any precision. */
interface Numbers {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * Compares a recorded array with the one computed anew.
 *
 * @throws {RangeError} If their sizes differ.
 */
export function compare(
  quantity: string,
  recorded: Numbers,
  computed: Numbers,
  limit: number,
): Comparison {
  if (`${recorded.dims}` !== `${computed.dims}`) {
    throw new RangeError(
      `Cannot compare ${quantity}: recorded are [${recorded.dims}], computed [${computed.dims}]`,
    );
  }
  return { quantity, error: largestDifference(recorded.data, computed.data), limit };
}

/** Compares tables; the error is relative to the largest value, if that is over 1. */
export function compareTable(quantity: string, recorded: Numbers, computed: Numbers): Comparison {
  const { error } = compare(quantity, recorded, computed, limits.array);
  const largest = largestDifference(recorded.data, new Float64Array(recorded.data.length));
  return { quantity, error: error / Math.max(1, largest), limit: limits.array };
}

/** Compares the states of the chosen steps of a chain; the first axis of `recorded` is the step. */
export function compareStates(
  name: string,
  recorded: NumberArray,
  states: readonly Tensor[],
  chosen: (step: number) => boolean = () => true,
  limit: number = limits.trajectory,
): Comparison {
  const errors = states.map((state, i) => ({
    ...compare(name, itemOf(recorded, i), state, limit),
    i,
  }))
    .filter(({ i }) => chosen(i)).map(({ error }) => error);
  return { quantity: name, error: Math.max(0, ...errors), limit };
}

/** An image in [-1, 1] brought to [0, 1], the range that some references record. */
export function toUnsigned({ dims, data }: Tensor): Tensor {
  return tensor(dims, data.map((value) => value / 2 + 0.5));
}

/** Whether the error is a number within its limit. */
export function passes({ error, limit }: Comparison): boolean {
  return error <= limit;
}

/** One line about a comparison. */
export function lineOf(comparison: Comparison): string {
  const { quantity, error, limit } = comparison;
  const verdict = passes(comparison) ? "ok  " : "FAIL";
  return `${verdict} ${quantity.padEnd(34)} ${error.toExponential(1).padStart(8)}  allowed ${
    limit.toExponential(0)
  }`;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;
    if (Number.isNaN(difference)) return NaN;
  }
  return most;
}
