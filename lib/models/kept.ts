/** What all samples of an image share, made again where a GPU has lost it. @module */

import { disposeAll, GoneError, type Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Something that is made of an image, of which parts may be in the memory of a GPU. */
export interface Kept<Value> {
  /** It, as it was made last. */
  readonly value: Value;
  /** Makes it again. */
  renew(): Promise<void>;
  /** Does some work with it, and again from the beginning where a part of it is gone. */
  use<Result>(work: (value: Value) => Promise<Result>): Promise<Result>;
  /** Gives the memory of its parts back. */
  dispose(): void;
}

/**
 * Makes something that is kept.
 *
 * @param make Makes it of what nobody can lose.
 * @param partsOf Its parts that may be held elsewhere.
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
