/** What all samples of an image share, made again if a GPU loses it. @module */

import { disposeAll, GoneError, type Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A value made from an image, whose parts may be in a GPU's memory. */
export interface Kept<Value> {
  /** The value that was made last. */
  readonly value: Value;
  /** Makes the value again. */
  renew(): Promise<void>;
  /** Does some work with the value; if a part of it is lost, makes it again and starts over. */
  use<Result>(work: (value: Value) => Promise<Result>): Promise<Result>;
  /** Frees the memory of its parts. */
  dispose(): void;
}

/**
 * Makes a value and keeps it.
 *
 * @param make Makes it from data in the CPU's memory, which cannot be lost.
 * @param partsOf Its parts that may be in a GPU's memory.
 */
export async function keep<Value>(
  make: () => Promise<Value>,
  partsOf: (value: Value) => Readonly<Record<string, Tensor | Held>>,
): Promise<Kept<Value>> {
  const made: Value[] = [];
  async function again<Result>(work: () => Promise<Result>, repair?: () => Promise<void>) {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof GoneError)) throw error;
        await repair?.();
      }
    }
  }
  const renew = async () => void made.push(await again(make));
  await renew();
  const last = () => made.at(-1)!;
  return {
    get value() {
      return last();
    },
    renew,
    use: (work) => again(() => work(last()), renew),
    dispose: () => made.forEach((value) => disposeAll(Object.values(partsOf(value)))),
  };
}
