/** Tensors that stay where they were computed. @module */

import { sumOf, type SumOptions, type Term } from "./arithmetic.ts";
import type { Tensor } from "./tensor.ts";

/**
 * A tensor that stays where it was computed, such as in the memory of a GPU, and is passed from one network to the next
 * without going through the memory of the CPU.
 */
export interface Held {
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /**
   * Its values, in the memory of the CPU.
   *
   * @param signal Aborts the reading, which throws the signal's reason.
   * @throws {GoneError} If its memory is gone.
   * @throws {Error} If it was disposed.
   */
  read(signal?: AbortSignal): Promise<Tensor>;
  /** Frees its memory; it cannot be used afterwards. */
  dispose(): void;
}

/** A tensor was lost with the memory that held it, and only the code that computed it can compute it again. */
export class GoneError extends Error {}

/** Whether a tensor is held elsewhere, rather than here. */
export function isHeld(value: Tensor | Held): value is Held {
  return !("data" in value);
}

/** The values of a tensor, wherever it is; it stays there. */
export async function valuesOf(value: Tensor | Held, signal?: AbortSignal): Promise<Tensor> {
  return isHeld(value) ? await value.read(signal) : value;
}

/** A tensor in the CPU's memory as a held one. */
export function heldHere(value: Tensor): Held {
  return { dims: value.dims, read: () => Promise.resolve(value), dispose() {} };
}

/** Tensors in the CPU's memory as held ones. */
export function allHeldHere(values: Readonly<Record<string, Tensor>>): Record<string, Held> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, heldHere(value)]),
  );
}

/** Frees the memory of all held tensors. */
export function disposeAll(values: Iterable<Tensor | Held>): void {
  for (const value of values) if (isHeld(value)) value.dispose();
}

/** A sum in the memory of the CPU, wherever its terms are. */
export async function sumHere(
  terms: readonly Term<Tensor | Held>[],
  { limit, spent, signal }: SumOptions<Tensor | Held> = {},
): Promise<Tensor> {
  let own: Tensor | undefined;
  const here: Term<Tensor>[] = [];
  for (const [weight, value] of terms) {
    const values = await valuesOf(value, signal);
    if (value === spent) own = values;
    here.push([weight, values]);
  }
  return sumOf(here, { limit, spent: own });
}
