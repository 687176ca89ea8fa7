/** The contract of sessions, which run a network. @module */

import type { SumOptions, Term } from "../tensor/arithmetic.ts";
import type { Held } from "../tensor/held.ts";
import type { Patches } from "../tensor/patch.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The providers, in the order in which they are tried. */
export type Provider = "webgpu" | "native" | "wasm";

/** Tensors by the names of a graph's inputs, here or where a graph has left them. */
export type Inputs = Readonly<Record<string, Tensor | Held>>;

/** Options of one call of a graph. */
export interface RunOptions {
  /** Aborts the call, which throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * The outputs that are wanted, with their sizes; undefined stands for any size.
   *
   * @default {all outputs, of any sizes}
   */
  outputs?: Readonly<Record<string, readonly (number | undefined)[]>>;
}

/**
 * One loaded graph.
 *
 * Images are cut and joined on a GPU if they are there, and there is room. The caller disposes what is left there. It cannot
 * be computed again: if its memory is lost, calls that take it throw a `GoneError`.
 */
export interface Session extends AsyncDisposable, Patches {
  /** The provider that runs it. */
  readonly provider: Provider;
  /** Names of the graph's inputs, if they are known. */
  readonly inputs?: readonly string[];
  /**
   * Runs the graph once; the inputs stay usable afterwards.
   *
   * @param inputs A tensor for every input of the graph, by name.
   * @param options `signal` aborts a running call within 200 ms; `outputs` names those that are wanted, with
   * their sizes, undefined standing for any.
   * @returns The outputs that are wanted, or all, by name; never NaN or infinity.
   * @throws {TypeError} If an input or a wanted output is missing.
   * @throws {RangeError} If an input or a wanted output has another shape.
   * @throws {ProviderError} If no provider gives finite numbers.
   */
  run(inputs: Inputs, options?: RunOptions): Promise<Record<string, Tensor>>;
  /**
   * Runs the graph as `run()` does, and leaves its outputs where they were computed, on a GPU in its memory, to be given to
   * graphs that were opened together with this one. The caller disposes them.
   *
   * If their memory is lost, with a thread that ended or a provider that was left, they are computed again when they are
   * needed.
   */
  hold(inputs: Inputs, options?: RunOptions): Promise<Record<string, Held>>;
  /**
   * Keeps a tensor that is fed again and again: on a GPU it is sent once, with the first call that takes it. The caller
   * disposes it.
   */
  place(values: Tensor): Held;
  /**
   * The sum of weights times tensors, computed where they are: on a GPU if it alone has one of them. The caller disposes a
   * sum that is left there. It cannot be computed again: if its memory is lost, calls that take it throw a `GoneError`.
   */
  sum(
    terms: readonly Term<Tensor | Held>[],
    options?: SumOptions<Tensor | Held>,
  ): Promise<Tensor | Held>;
}
