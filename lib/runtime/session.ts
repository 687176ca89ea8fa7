/** What runs a network. @module */

import type { Tensor } from "../tensor/tensor.ts";

/** Where a network runs, in the order in which they are tried. */
export type Provider = "webgpu" | "native" | "wasm";

/** One loaded graph. */
export interface Session extends AsyncDisposable {
  /** What runs it. */
  readonly provider: Provider;
  /**
   * Runs the graph once; the inputs stay usable afterwards.
   *
   * @param inputs A tensor for every input of the graph, by name.
   * @param options `signal` leaves a running call within 200 ms.
   * @returns A tensor for every output of the graph, by name.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    options?: { signal?: AbortSignal },
  ): Promise<Record<string, Tensor>>;
}
