/** Tensors that are fed again and again, sent to a device once. @module */

import type { Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Running } from "./attempts.ts";
import type { Remote } from "./host.ts";

/** A tensor in the CPU's memory, with a copy on the device that last took it. */
export class HeldInput implements Held {
  readonly dims: readonly number[];
  #values: Tensor | undefined;
  #copy: Remote | undefined;

  constructor(values: Tensor) {
    this.dims = values.dims;
    this.#values = values;
  }

  read(): Promise<Tensor> {
    return Promise.resolve().then(() => this.#here());
  }

  /** Where graphs that run there may take it from: here, or the device itself. */
  async on({ host }: Running, signal?: AbortSignal): Promise<Tensor | Remote> {
    const values = this.#here();
    if (!host.device) return values;
    if (this.#copy && host.has(this.#copy)) return this.#copy;
    this.#copy = await host.device.put(values, signal);
    const copy = this.#copy;
    if (!this.#values) this.dispose(); // in the meantime
    return copy;
  }

  dispose(): void {
    this.#copy?.drop();
    this.#copy = this.#values = undefined;
  }

  #here(): Tensor {
    if (this.#values) return this.#values;
    throw new Error("Cannot use a tensor that was disposed");
  }
}
